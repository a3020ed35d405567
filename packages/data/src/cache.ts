import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { PrunebenchError } from '@prunebench/core';
import writeFileAtomic from 'write-file-atomic';
import type { SourceFile } from './manifest.ts';
import { checkContent, readSourceFile, type SourceFolder } from './source-file.ts';

/** Names the folder for decoded data; default: .cache at the repository's root. */
const FOLDER_VARIABLE = 'PRUNEBENCH_CACHE';

const REMEDY = `Make the folder writable, or set ${FOLDER_VARIABLE} to one that is.`;

/** The folder in which the decoded data of dataset `id` is kept. */
export function cacheFolder(id: string): SourceFolder {
  const root = process.env[FOLDER_VARIABLE] || resolve(import.meta.dirname, '../../../.cache');
  return { folder: join(root, 'datasets', id), remedy: REMEDY };
}

/**
 * The file `expected`, from the cache when what lies there has the right size and checksum, else made by `make` and
 * kept. Processes that come at the same time may each make it: all make the same bytes, and renaming is atomic, so
 * none ever reads a part.
 *
 * @throws PrunebenchError where the cache folder cannot be written, or `make` gives other bytes than expected
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
  await store(join(cache.folder, expected.path), cache, made);
  return made;
}

async function store(path: string, { folder, remedy }: SourceFolder, bytes: Uint8Array): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await writeFileAtomic(path, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new PrunebenchError(`${path}: the decoded data cannot be kept there (${code}).`, { remedy, cause });
  }
}
