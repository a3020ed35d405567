/** Takes the disk away from runs: it is full, or no file may become larger than so much. */
import { execFileSync } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type RandomStream, randomStream } from '@prunebench/core';
import { runArguments, type StartOptions, type Subject, stackIn, startCommand } from './command.ts';
import { type Computed, computedIn, differencesFrom } from './computed.ts';
import { below } from './mutate.ts';

export interface DiskOptions {
  readonly count: number;
  readonly seed: number;
  /** A folder that may be filled and emptied. */
  readonly folder: string;
  /** Of the run that nobody has disturbed, which used this much of the disk. */
  readonly expected: Computed;
  readonly kilobytes: number;
  readonly onProgress: (disks: number) => void;
}

/**
 * Runs with too little disk, and then with enough. The first run must end with an error that names a file and what to do, and the
 * second with what the run that nobody has disturbed has computed.
 *
 * @returns a line for every fault
 */
export async function tryDisks(subject: Subject, options: DiskOptions): Promise<readonly string[]> {
  const { count, seed, folder, onProgress } = options;
  const random = randomStream(seed, 'disks');
  const faults: string[] = [];
  const small = await canMount(folder);
  for (let n = 0; n < count; n++) {
    const found =
      small && n % 2 === 0 ? await onSmallDisk(subject, options, random) : await limited(subject, options, random);
    faults.push(...found.map((line) => `disk ${n}: ${line}`));
    await rm(folder, { recursive: true, force: true });
    onProgress(n + 1);
  }
  return faults;
}

/** A file system in memory that is too small, and then large enough. */
async function onSmallDisk(subject: Subject, options: DiskOptions, random: RandomStream): Promise<readonly string[]> {
  const { folder, kilobytes } = options;
  const size = 4 + below(random, kilobytes);
  await mkdir(folder, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}k`, 'tmpfs', folder]);
  try {
    const what = `of ${size} kB`;
    const first = await refusal(subject, join(folder, 'results'), what, /disk is full|\(ENOSPC\)/i);
    execFileSync('mount', ['-o', 'remount,size=64m', folder]);
    return [...first, ...(await afterwards(subject, options, join(folder, 'results'), what))];
  } finally {
    execFileSync('umount', [folder]);
  }
}

/** No file may become larger than some hundred bytes to some kilobytes. */
async function limited(subject: Subject, options: DiskOptions, random: RandomStream): Promise<readonly string[]> {
  const fileLimit = 1 + below(random, 40);
  const what = `with files of ${fileLimit * 512} bytes at most`;
  const results = join(options.folder, 'results');
  const first = await refusal(subject, results, what, /larger than is allowed|\(EFBIG\)/, { fileLimit });
  return [...first, ...(await afterwards(subject, options, results, what))];
}

async function refusal(
  subject: Subject,
  results: string,
  what: string,
  reason: RegExp,
  start: StartOptions = {},
): Promise<readonly string[]> {
  const run = startCommand(runArguments(subject, results, false), start);
  await run.fault();
  const said = await run.said;
  // There may have been enough of it.
  if (run.child.exitCode === 0) return stackIn(said) ? [`${what}: ${stackIn(said)}`] : [];
  if (run.child.exitCode !== 1) return [`${what}: exit code ${run.child.exitCode}, ${run.child.signalCode}: ${said}`];
  if (stackIn(said)) return [`${what}: ${stackIn(said)}`];
  return reason.test(said) ? [] : [`${what}: the reason is not said: ${said}`];
}

async function afterwards(
  subject: Subject,
  { expected }: DiskOptions,
  results: string,
  what: string,
): Promise<readonly string[]> {
  const fault = await startCommand(runArguments(subject, results, false)).fault();
  if (fault !== undefined) return [`after a disk ${what}: ${fault}`];
  return differencesFrom(expected, await computedIn(subject, results)).map((line) => `after a disk ${what}: ${line}`);
}

/** Whether file systems can be mounted here, which takes Linux and root. */
async function canMount(folder: string): Promise<boolean> {
  await mkdir(folder, { recursive: true });
  try {
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', folder], { stdio: 'ignore' });
    execFileSync('umount', [folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
