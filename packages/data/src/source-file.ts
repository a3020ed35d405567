import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { PrunebenchError } from '@prunebench/core';
import { FileError, readWhole } from '@prunebench/files';
import type { SourceFile } from './manifest.ts';

/** Bytes; the largest source file, CIFAR-10 decoded, has 184 MB. */
const MOST_STORED = 2 ** 30;

/** Where a dataset's files lie, and what a user does when one of them is not as it should be. */
export interface SourceFolder {
  readonly folder: string;
  readonly remedy: string;
}

/** The error for a file that is not what it should be: the file, what was expected, what was found, how to get it again. */
export function badFile(source: SourceFolder, path: string, fault: string): PrunebenchError {
  return new PrunebenchError(`${join(source.folder, path)}: ${fault}.`, { remedy: source.remedy });
}

/**
 * The content of a source file, decompressed if its name ends in .gz, checked in size and SHA-256.
 *
 * @throws PrunebenchError naming the file, what was expected, what was found, and how to get it again
 */
export async function readSourceFile(source: SourceFolder, file: SourceFile): Promise<Uint8Array> {
  const stored = await readWhole(join(source.folder, file.path), MOST_STORED).catch((error) => {
    if (!(error instanceof FileError)) throw error;
    const fault = error.code === 'ENOENT' ? 'the file is missing' : `the file cannot be read (${error.message})`;
    throw badFile(source, file.path, fault);
  });
  const bytes = file.path.endsWith('.gz') ? decompress(source, file, stored) : stored;
  checkContent(source, file, bytes);
  return bytes;
}

/** @throws PrunebenchError where size or SHA-256 are not those of `file` */
export function checkContent(source: SourceFolder, file: SourceFile, bytes: Uint8Array): void {
  if (bytes.length !== file.bytes) {
    const how = bytes.length < file.bytes ? 'truncated' : 'too long';
    throw badFile(source, file.path, `the file is ${how}: expected ${file.bytes} bytes, found ${bytes.length}`);
  }
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found !== file.sha256)
    throw badFile(source, file.path, `the checksum differs: expected SHA-256 ${file.sha256}, found ${found}`);
}

function decompress(source: SourceFolder, file: SourceFile, stored: Uint8Array): Uint8Array {
  try {
    return gunzipSync(stored, { maxOutputLength: file.bytes });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ERR_BUFFER_TOO_LARGE')
      throw badFile(source, file.path, `the file is too long: expected ${file.bytes} bytes, found more`);
    throw badFile(source, file.path, `expected gzipped data, found what does not decompress (${message})`);
  }
}

/** The first of `files` that is not there; nothing of their content is read. */
export async function firstMissing(source: SourceFolder, files: readonly SourceFile[]): Promise<string | undefined> {
  for (const { path } of files) {
    const found = await stat(join(source.folder, path)).catch(() => undefined);
    if (!found?.isFile()) return join(source.folder, path);
  }
  return undefined;
}
