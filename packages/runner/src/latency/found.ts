/** Which sparsities were found for which latencies, kept beside a table, so that the same command goes on in it. */
import { dirname, join } from 'node:path';
import { makeFolder, readTextIfThere, writeJson } from '@prunebench/files';
import { z } from 'zod';
import type { ResultsFolder } from '../results/results-folder.ts';

const found = z.strictObject({
  series: z.string(),
  /** Share of the dense compiled network's time that was asked for, and that was measured at the sparsity. */
  latency: z.number(),
  measured: z.number(),
  sparsity: z.number(),
  batchSize: z.int(),
  /** Of the networks that were timed. */
  seed: z.int(),
  cpu: z.string(),
  threads: z.int(),
  /** Digest of the trial without its sparsity, and of its code: what was found for another says nothing of this one. */
  trial: z.string(),
});

/** A sparsity that was searched for, and on what. */
export type Found = z.output<typeof found>;

/** Bytes that the file may have. */
const LIMIT = 2 ** 20;

/** Where they are kept. */
function fileIn({ root }: ResultsFolder, benchmark: string): string {
  return join(root, benchmark, 'latency.json');
}

/** What was found before: nothing where the file says nothing that can be read, and it is searched again. */
export async function readFound(folder: ResultsFolder, benchmark: string): Promise<readonly Found[]> {
  const text = await readTextIfThere(fileIn(folder, benchmark), LIMIT);
  if (text === undefined) return [];
  try {
    return z.array(found).parse(JSON.parse(text));
  } catch {
    return [];
  }
}

/** Adds what was found, in place of what was found before for the same. */
export async function keepFound(folder: ResultsFolder, benchmark: string, more: Found): Promise<void> {
  const others = (await readFound(folder, benchmark)).filter((old) => !isSame(old, more));
  await makeFolder(dirname(fileIn(folder, benchmark)));
  await writeJson(fileIn(folder, benchmark), [...others, more]);
}

/** Whether two are answers to one question, on one machine. */
export function isSame(a: Omit<Found, 'sparsity' | 'measured'>, b: Omit<Found, 'sparsity' | 'measured'>): boolean {
  const keys = ['series', 'latency', 'batchSize', 'seed', 'cpu', 'threads', 'trial'] as const;
  return keys.every((key) => a[key] === b[key]);
}
