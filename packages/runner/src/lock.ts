import { readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { PrunebenchError } from '@prunebench/core';

interface Holder {
  readonly pid: number;
  readonly host: string;
}

/**
 * Takes the lock file of a results folder, so that two runs do not compute the same stages; a lock whose process is
 * gone is taken over at once. (Locks that rely on a refreshed modification time make a run wait after a kill.)
 *
 * @returns the function that gives it back
 * @throws PrunebenchError naming the process that holds it
 */
export async function takeLock(path: string): Promise<() => Promise<void>> {
  const mine = JSON.stringify({ pid: process.pid, host: hostname() } satisfies Holder);
  for (;;) {
    if (await create(path, mine)) return () => release(path, mine);
    const text = await read(path);
    if (text === undefined) continue;
    const holder = parse(text);
    if (holder && isAlive(holder))
      throw new PrunebenchError(`Another run (process ${holder.pid} on ${holder.host}) is using this results folder.`, {
        remedy: `Wait for it, or use another folder with --results. If that process is no run of Prunebench, delete ${path}.`,
      });
    await removeStale(path, text);
  }
}

async function create(path: string, content: string): Promise<boolean> {
  try {
    await writeFile(path, content, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function read(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function parse(text: string): Holder | undefined {
  try {
    const holder = JSON.parse(text) as Holder;
    return Number.isInteger(holder.pid) ? holder : undefined;
  } catch {
    // Killed between creating and writing the file: nobody holds it.
    return undefined;
  }
}

/** A process of another machine (shared file system) cannot be asked, so it counts as alive. */
function isAlive({ pid, host }: Holder): boolean {
  if (host !== hostname()) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Moves the stale lock away; when another run was quicker, what was moved is that run's lock and goes back. */
async function removeStale(path: string, stale: string): Promise<void> {
  const away = `${path}.stale-${process.pid}.tmp`;
  try {
    await rename(path, away);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  if ((await readFile(away, 'utf8')) === stale) await unlink(away);
  else await rename(away, path);
}

async function release(path: string, mine: string): Promise<void> {
  if ((await read(path)) === mine) await unlink(path);
}
