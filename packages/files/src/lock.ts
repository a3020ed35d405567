import { randomUUID } from 'node:crypto';
import { lstatSync, readFileSync, unlinkSync } from 'node:fs';
import { link, rename, unlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { codeOf } from '@prunebench/core';
import { z } from 'zod';
import { fileError } from './file-error.ts';
import { DRAFT } from './leftovers.ts';
import { isStillThere, processMark } from './process-mark.ts';
import { readTextIfThere } from './read-whole.ts';

const holder = z.object({
  pid: z.int().positive(),
  host: z.string(),
  boot: z.string().optional(),
  start: z.string().optional(),
});
/** Who holds a lock. */
export interface LockHolder extends z.output<typeof holder> {
  /** The file that says so: the lock's own, or the claim of who takes it over. */
  readonly file: string;
}

/** A lock that this process holds until it calls `release`, or ends by itself. */
export interface Held {
  release(): Promise<void>;
}

/** What a lock file says is short; what is longer is something else. */
const LIMIT = 2 ** 16;
/** Between two looks at a lock that is being taken over. */
const PAUSE_MS = 20;
/** Taking a lock over lasts milliseconds: a claim that stands for longer is somebody's who will not end it. */
const PATIENCE_MS = 2000;
/** File systems without hard links. */
const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'];

/**
 * Takes the lock file at `path`, or says who holds it. A lock whose process is gone is taken over at once; a process of another
 * machine (shared file system) cannot be asked, so it counts as alive.
 *
 * The file appears with its content, by a hard link. Only who holds the lock `<path>.claim` replaces a stale one, and looks again
 * before it does: between looking and replacing nobody else can. The claim of a process that died with it is taken over in the
 * same way; who cannot be asked and keeps a claim for seconds is said to hold the lock.
 *
 * @throws FileError where something else than a file stands there, or no file can be made
 */
export async function tryLock(path: string): Promise<Held | LockHolder> {
  const mine = JSON.stringify({ ...processMark(process.pid), host: hostname() } satisfies z.output<typeof holder>);
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    if (await withDraft(path, mine, (draft) => create(draft, path, mine))) return held(path, mine);
    const text = await readTextIfThere(path, LIMIT);
    if (text === undefined) continue;
    const found = parse(text);
    if (found && isAlive(found)) return { ...found, file: path };
    const claim = await tryLock(`${path}.claim`);
    if (!('release' in claim)) {
      if (performance.now() > deadline) return claim;
      await setTimeout(PAUSE_MS);
      continue;
    }
    try {
      if (await withDraft(path, mine, (draft) => replace(draft, path, text))) return held(path, mine);
    } finally {
      await claim.release();
    }
  }
}

/**
 * Who a lock file names, and whether that process still runs, as `tryLock` sees it; undefined where there is no lock, or one that
 * says nothing. For those who only look.
 *
 * @throws FileError where something else than a file stands there
 */
export async function lockHolder(path: string): Promise<(LockHolder & { readonly alive: boolean }) | undefined> {
  const text = await readTextIfThere(path, LIMIT);
  const found = text === undefined ? undefined : parse(text);
  return found && { ...found, file: path, alive: isAlive(found) };
}

/** Calls `use` with a file that holds `content`, and removes what is left of it. */
async function withDraft(path: string, content: string, use: (draft: string) => Promise<boolean>): Promise<boolean> {
  const draft = `${path}.${randomUUID()}${DRAFT}`;
  try {
    await writeFile(draft, content, { flag: 'wx' });
    return await use(draft);
  } catch (error) {
    throw fileError(error, path);
  } finally {
    await unlink(draft).catch(() => {});
  }
}

async function create(draft: string, path: string, content: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    const code = codeOf(error) ?? '';
    // Who holds the lock sweeps leftovers, this draft among them: what there is to see now is the lock.
    if (code === 'EEXIST' || code === 'ENOENT') return false;
    if (!NO_LINKS.includes(code)) throw error;
    return createDirectly(path, content);
  }
}

async function createDirectly(path: string, content: string): Promise<boolean> {
  try {
    await writeFile(path, content, { flag: 'wx' });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

async function replace(draft: string, path: string, stale: string): Promise<boolean> {
  if ((await readTextIfThere(path, LIMIT)) !== stale) return false;
  await rename(draft, path);
  return true;
}

function parse(text: string): z.output<typeof holder> | undefined {
  try {
    return holder.parse(JSON.parse(text));
  } catch {
    // Cut short by an earlier version that was killed: nobody holds it.
    return undefined;
  }
}

function isAlive({ host, boot, start, pid }: z.output<typeof holder>): boolean {
  if (host !== hostname()) return true;
  return isStillThere({ pid, ...(boot === undefined ? {} : { boot }), ...(start === undefined ? {} : { start }) });
}

function held(path: string, mine: string): Held {
  // Also where the process ends with process.exit or with an uncaught error; a lock that a kill leaves behind is stale.
  const atExit = () => {
    if (isMine(path, mine)) unlinkSync(path);
  };
  process.once('exit', atExit);
  return {
    async release() {
      process.off('exit', atExit);
      if (isMine(path, mine)) await unlink(path);
    },
  };
}

/** Whether the lock is still there and this process's: somebody may have deleted it by hand, and another have taken it. */
function isMine(path: string, mine: string): boolean {
  try {
    return lstatSync(path).isFile() && readFileSync(path, 'utf8') === mine;
  } catch {
    return false;
  }
}
