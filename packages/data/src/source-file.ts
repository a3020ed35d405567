import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { codeOf, messageOf, type PrunebenchError } from '@prunebench/core';
import { FileError, readWhole } from '@prunebench/files';
import { badFile, type SourceFolder } from './source-folder.ts';

/** A source file: its place in the package or folder, and what its content must be. */
export interface SourceFile {
  readonly path: string;
  /** Of the decompressed content, where the file is gzipped. */
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * The content of a source file, decompressed if its name ends in .gz, checked in size and SHA-256. Neither reading nor
 * decompressing goes further than the expected size.
 *
 * @throws PrunebenchError naming the file, what was expected, what was found, and how to get it again
 */
export async function readSourceFile(source: SourceFolder, file: SourceFile): Promise<Uint8Array> {
  const gzipped = file.path.endsWith('.gz');
  const path = join(source.folder, file.path);
  const stored = await readWhole(path, gzipped ? mostCompressed(file.bytes) : file.bytes).catch(async (error) => {
    if (!(error instanceof FileError)) throw error;
    if (error.code === 'E2BIG')
      throw tooLong(source, file, `${(await stat(path)).size}${gzipped ? ' compressed' : ''}`);
    const packed = error.code === 'ENOENT' && (await stat(`${path}.gz`).catch(() => undefined))?.isFile();
    const fault = packed
      ? 'the file is missing, and lies there gzipped: unpack it (gunzip -k)'
      : error.code === 'ENOENT'
        ? 'the file is missing'
        : `the file cannot be read (${error.message})`;
    throw badFile(source, file.path, fault);
  });
  const bytes = gzipped ? decompress(source, file, stored) : stored;
  checkContent(source, file, bytes);
  return bytes;
}

/**
 * More bytes than a gzip of so many can have, by far: what does not compress is stored in blocks with five bytes of overhead each,
 * and the header holds a name and a comment.
 */
function mostCompressed(bytes: number): number {
  return 2 * bytes + 65_536;
}

function tooLong(source: SourceFolder, file: SourceFile, found: string): PrunebenchError {
  return badFile(source, file.path, `the file is too long: expected ${file.bytes} bytes, found ${found}`);
}

/** @throws PrunebenchError where size or SHA-256 are not those of `file` */
export function checkContent(source: SourceFolder, file: SourceFile, bytes: Uint8Array): void {
  const { length } = bytes;
  if (length > file.bytes) throw tooLong(source, file, `${length}`);
  if (length < file.bytes)
    throw badFile(source, file.path, `the file is truncated: expected ${file.bytes} bytes, found ${length}`);
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found !== file.sha256)
    throw badFile(source, file.path, `the checksum differs: expected SHA-256 ${file.sha256}, found ${found}`);
}

function decompress(source: SourceFolder, file: SourceFile, stored: Uint8Array): Uint8Array {
  try {
    return gunzipSync(stored, { maxOutputLength: file.bytes });
  } catch (error) {
    if (codeOf(error) === 'ERR_BUFFER_TOO_LARGE') throw tooLong(source, file, 'more');
    throw badFile(source, file.path, `expected gzipped data, found what does not decompress (${messageOf(error)})`);
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
