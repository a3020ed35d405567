/** The command line as a process: started, waited for, ended. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';

const MAIN = resolve(import.meta.dirname, '../../packages/runner/src/main.ts');
const COMPILE_CACHE = resolve(import.meta.dirname, '../../packages/runner/node_modules/.cache/compile');
/** What processes may take that have little to do, on a machine that does much else. */
export const PATIENCE_MS = 180_000;

/** What is run: a benchmark's smoke table. */
export interface Subject {
  readonly benchmark: string;
  /** Further arguments of `run`: plugins, the backend, the workers. */
  readonly arguments: readonly string[];
}

/** A command under way. */
export interface Command {
  readonly child: ChildProcess;
  readonly pid: number;
  /** All that it says on standard output, and on standard error. */
  readonly printed: Promise<string>;
  readonly said: Promise<string>;
  endsWithin(milliseconds: number): Promise<boolean>;
  /** Waits for the end: undefined where all went well. */
  fault(): Promise<string | undefined>;
}

/** The words of a run of the subject's smoke table. */
export function runArguments({ benchmark, arguments: more }: Subject, results: string, timed: boolean): string[] {
  const where = ['--scale', 'smoke', '--results', results];
  return ['run', benchmark, ...where, ...(timed ? [] : ['--no-speed']), ...more];
}

export interface StartOptions {
  /** In 512 bytes, as `ulimit -f` counts: no file may become larger. */
  readonly fileLimit?: number;
}

/** Starts the command line with these words. It leads a group of processes, so that its workers can go with it. */
export function startCommand(words: readonly string[], { fileLimit }: StartOptions = {}): Command {
  const command = [process.execPath, MAIN, ...words];
  const limited =
    fileLimit === undefined ? command : ['sh', '-c', `ulimit -f ${fileLimit}; exec "$@"`, 'sh', ...command];
  const child = spawn(limited[0], limited.slice(1), {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { NODE_COMPILE_CACHE: COMPILE_CACHE, ...process.env, NO_COLOR: '1', PRUNEBENCH_TEST_NOTES: tmpdir() },
  });
  const closed = once(child, 'close').then(() => true);
  const [printed, said] = [text(child.stdout), text(child.stderr)];
  return {
    child,
    pid: child.pid!,
    printed,
    said,
    async endsWithin(milliseconds) {
      const timer = new AbortController();
      const late = setTimeout(milliseconds, false, { signal: timer.signal }).catch(() => false);
      return Promise.race([closed, late]).finally(() => timer.abort());
    },
    async fault() {
      await closed;
      return child.exitCode === 0 ? stackIn(await said) : `exit code ${child.exitCode}: ${await said}`;
    },
  };
}

/** @returns whether there is such a process, or group */
export function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

/** What is wrong with words that hold a stack. */
export function stackIn(said: string): string | undefined {
  return /\n\s+at .*:\d+:\d+/.test(said) ? `a stack: ${said}` : undefined;
}
