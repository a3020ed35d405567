import { join, resolve } from 'node:path';
import { PrunebenchError } from '@prunebench/core';
import { makeFolder, optionally, sweepLeftovers, writeWhole } from '@prunebench/files';
import { checkContent, readSourceFile, type SourceFile } from './source-file.ts';
import type { SourceFolder } from './source-folder.ts';

/** Names the folder for decoded data; default: .cache at the repository's root. */
const FOLDER_VARIABLE = 'PRUNEBENCH_CACHE';

const REMEDY = `Make the folder writable, or set ${FOLDER_VARIABLE} to one that is.`;
/** Other processes may be writing into the folder; a file of yesterday is none of theirs. */
const DAY_MS = 24 * 60 * 60 * 1000;

/** The folder in which the decoded data of dataset `id` is kept. */
export function cacheFolder(id: string): SourceFolder {
  const root = resolve(process.env[FOLDER_VARIABLE] || join(import.meta.dirname, '../../../.cache'));
  return { folder: join(root, 'datasets', id), remedy: REMEDY };
}

/**
 * The file `expected`, from the cache when what lies there has the right size and checksum, else made by `make` and
 * kept. Processes that come at the same time may each make it: all make the same bytes, and renaming is atomic, so
 * none ever reads a part. Where nothing can be kept, a notice says so, and the next process makes it once more.
 *
 * @throws PrunebenchError where `make` gives other bytes than expected
 */
export async function cached(
  cache: SourceFolder,
  expected: SourceFile,
  make: () => Promise<Uint8Array>,
): Promise<Uint8Array> {
  const kept = await readSourceFile(cache, expected).catch((error) => {
    // Missing or damaged: a cache is made again, not repaired by hand.
    if (error instanceof PrunebenchError) return undefined;
    throw error;
  });
  if (kept) return kept;
  const made = await make();
  checkContent(cache, expected, made);
  const loss = `The decoded data is not kept, and decoded again by the next process (${FOLDER_VARIABLE} names another folder)`;
  await optionally(loss, () => store(cache, expected, made));
  return made;
}

async function store({ folder }: SourceFolder, { path }: SourceFile, bytes: Uint8Array): Promise<void> {
  await makeFolder(resolve(folder), `the variable ${FOLDER_VARIABLE}`);
  await sweepLeftovers(folder, { olderThan: DAY_MS });
  await writeWhole(join(folder, path), bytes);
}
