/** Reads damaged files again and again, and says where a reader believes them, fails with a stack, or does not end. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { PrunebenchError, randomStream } from '@prunebench/core';
import { below, damageFile } from './mutate.ts';
import type { Reader } from './readers.ts';

/** What a reader may take, on a machine that does much else. */
const PATIENCE_MS = 240_000;
/** Of so many reads one is by a reader that takes long. */
const RARE = 100;

export interface MutationOptions {
  readonly count: number;
  readonly seed: number;
  readonly onProgress: (done: number) => void;
}

/**
 * Damages one file of a reader's, `count` times.
 *
 * @returns a line for every time that ended otherwise than in an error that says what is wrong, or in what was written
 */
export async function tryMutations(
  readers: readonly Reader[],
  { count, seed, onProgress }: MutationOptions,
): Promise<readonly string[]> {
  const root = await mkdtemp(join(tmpdir(), 'prunebench-mutations-'));
  const faults: string[] = [];
  try {
    for (let n = 0; n < count; n++) {
      const fault = await tryOne(turn(readers, n), join(root, 'read'), `${seed}/${n}`);
      if (fault !== undefined) faults.push(`mutation ${n}: ${fault}`);
      onProgress(n + 1);
    }
  } finally {
    await rm(root, { recursive: true, force: true });
  }
  return faults;
}

/** Whose turn it is: the rare ones', once in a while, or that of one of the others. */
function turn(readers: readonly Reader[], n: number): Reader {
  const rare = readers.filter((reader) => reader.rare);
  const others = readers.filter((reader) => !reader.rare);
  const isRare = others.length === 0 || (rare.length > 0 && n % RARE === RARE - 1);
  return isRare ? rare[Math.floor(n / RARE) % rare.length] : others[n % others.length];
}

async function tryOne({ name, files, read }: Reader, folder: string, stream: string): Promise<string | undefined> {
  const random = randomStream(0, stream);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const [path, content] of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  const [path, content] = [...files][below(random, files.size)];
  const what = await damageFile(join(folder, path), content, random);
  const fault = await outcome(read(folder));
  return fault && `${name}, ${path} ${what}: ${fault}`;
}

async function outcome(reading: Promise<string | undefined>): Promise<string | undefined> {
  const timer = new AbortController();
  const late = setTimeout(PATIENCE_MS, 'it did not end', { signal: timer.signal });
  late.catch(() => {});
  try {
    return await Promise.race([reading, late]);
  } catch (error) {
    if (error instanceof PrunebenchError) return undefined;
    return `an error that explains nothing: ${error instanceof Error ? error.stack : String(error)}`;
  } finally {
    timer.abort();
  }
}
