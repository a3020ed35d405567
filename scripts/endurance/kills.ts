/** Kills a run again and again, and compares what it has computed in the end with what a run that nobody disturbs computes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { randomStream } from '@prunebench/core';
import { loadTable, recordDigest, recordTable } from '@prunebench/records';

const MAIN = resolve(import.meta.dirname, '../../packages/runner/src/main.ts');

/** What is run: a benchmark's smoke table. */
export interface Subject {
  readonly benchmark: string;
  /** Further arguments of `run`: plugins, the backend, the workers. */
  readonly arguments: readonly string[];
}

export interface KillOptions {
  readonly count: number;
  readonly seed: number;
  /** A folder that may be filled and emptied. */
  readonly folder: string;
  /** Of the run that nobody has disturbed. */
  readonly expected: ReadonlyMap<string, string>;
  /** Milliseconds that it took. */
  readonly duration: number;
  readonly onProgress: (kills: number, completed: number) => void;
}

/** Runs the subject to its end. @returns milliseconds that it took, and what went wrong */
export async function runToEnd(
  subject: Subject,
  results: string,
): Promise<{ duration: number; fault: string | undefined }> {
  const started = performance.now();
  const child = start(subject, results);
  const [said, [code]] = await Promise.all([text(child.stderr!), once(child, 'close')]);
  const fault = code === 0 ? stackIn(said) : `exit code ${code}: ${said}`;
  return { duration: performance.now() - started, fault };
}

/** What the records of a results folder say, as a digest for each, by name. */
export async function digestsOf({ benchmark }: Subject, results: string): Promise<ReadonlyMap<string, string>> {
  const { places, corrupt } = await loadTable(recordTable(results, benchmark, 'smoke'));
  if (corrupt.length > 0) throw new Error(corrupt.map(({ file, reason }) => `${file}: ${reason}`).join('\n'));
  return new Map([...places].map(([record, { name }]) => [name, recordDigest(record)]));
}

/**
 * Kills (-9, with its workers) a run at `count` random moments. A run that comes to its end before is compared, and begun anew in an empty
 * folder; so is the last one.
 *
 * @returns a line for every difference from the run that nobody has disturbed
 */
export async function tryKills(subject: Subject, options: KillOptions): Promise<readonly string[]> {
  const { count, seed, folder, duration, onProgress } = options;
  const random = randomStream(seed, 'kills');
  const faults: string[] = [];
  let [kills, completed] = [0, 0];
  const compare = async () => {
    faults.push(...(await differences(subject, options)).map((line) => `after ${kills} kills: ${line}`));
    completed++;
    await rm(folder, { recursive: true, force: true });
  };
  await rm(folder, { recursive: true, force: true });
  while (kills < count) {
    const end = await runUntil(subject, folder, random.uniform() * duration);
    if (end === 'killed') kills++;
    else {
      if (end !== undefined) faults.push(`after ${kills} kills: ${end}`);
      await compare();
    }
    onProgress(kills, completed);
  }
  const { fault } = await runToEnd(subject, folder);
  if (fault !== undefined) faults.push(`the last run: ${fault}`);
  await compare();
  return faults;
}

/** Runs, and kills after some time. @returns 'killed', or else what went wrong */
async function runUntil(subject: Subject, folder: string, milliseconds: number): Promise<string | undefined> {
  const child = start(subject, folder);
  const timer = new AbortController();
  const said = text(child.stderr!);
  const closed = once(child, 'close');
  const late = setTimeout(milliseconds, undefined, { signal: timer.signal }).catch(() => {});
  const ended = await Promise.race([closed, late]);
  timer.abort();
  if (ended === undefined) {
    killGroup(child);
    await closed;
    return stackIn(await said) ?? 'killed';
  }
  const [code] = ended;
  return code === 0 ? stackIn(await said) : `exit code ${code}: ${await said}`;
}

/** The run leads a group of processes, so that its workers go with it. */
function start({ benchmark, arguments: more }: Subject, results: string): ChildProcess {
  const args = [MAIN, 'run', benchmark, '--scale', 'smoke', '--results', results, '--no-speed', ...more];
  return spawn(process.execPath, args, {
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, NO_COLOR: '1', PRUNEBENCH_TEST_NOTES: results },
  });
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has just ended by itself.
  }
}

function stackIn(said: string): string | undefined {
  return /\n\s+at .*:\d+:\d+/.test(said) ? `a stack: ${said}` : undefined;
}

async function differences(subject: Subject, { folder, expected }: KillOptions): Promise<readonly string[]> {
  const found = await digestsOf(subject, folder);
  const names = [...new Set([...expected.keys(), ...found.keys()])];
  const different = names.filter((name) => expected.get(name) !== found.get(name));
  const files = await readdir(folder, { recursive: true });
  const leftovers = files.filter((name) => /\.tmp$|\.corrupt-\d+$|(^|\/)lock(\.claim)*$/.test(name));
  return [
    ...different.map((name) => `record ${name} is ${found.has(name) ? 'another' : 'missing'}`),
    ...leftovers.map((name) => `${join(folder, name)} is left over`),
  ];
}
