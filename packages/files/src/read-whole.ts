import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync, type Stats, statSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { codeOf } from '@prunebench/core';
import { FileError, fileError } from './file-error.ts';

/** Far above any text that the suite reads: its largest, the published records of a table, have some MB. */
const TEXT_LIMIT = 2 ** 26;
const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
/** Node.js asks the system for less than 2 GiB at once. */
const CHUNK = 2 ** 30;

/**
 * Opens a regular file for reading. A pipe that nobody writes to is not waited for (O_NONBLOCK), and a device that never ends
 * is not begun with.
 *
 * @returns the handle, for the caller to close, and the file's size in bytes
 * @throws FileError for what is no regular file, or cannot be opened
 */
export async function openFile(path: string): Promise<{ handle: FileHandle; size: number }> {
  let handle: FileHandle;
  try {
    handle = await open(path, FLAGS);
  } catch (error) {
    throw brokenLink(path, error) ?? fileError(error, path);
  }
  try {
    const found = await handle.stat();
    if (!found.isFile()) throw notAFile(path, found);
    return { handle, size: found.size };
  } catch (error) {
    await handle.close();
    throw fileError(error, path);
  }
}

/** The error for something else in the place of a file. */
export function notAFile(path: string, found: Stats): FileError {
  return new FileError(`${path} is ${kindOf(found)}, where a file is needed.`, {
    code: 'EFTYPE',
    path,
    remedy: 'Move it away, or delete it.',
  });
}

/**
 * All bytes of a regular file.
 *
 * @param limit bytes that it may have
 * @throws FileError for what is no regular file, cannot be read, or is larger
 */
export async function readWhole(path: string, limit: number): Promise<Buffer> {
  const { handle, size } = await openFile(path);
  try {
    if (size > limit) throw tooLarge(path, size, limit);
    return await readBytes(handle, size);
  } catch (error) {
    throw fileError(error, path);
  } finally {
    await handle.close();
  }
}

/** The text of a regular file; throws as `readWhole` does. */
export async function readText(path: string, limit: number = TEXT_LIMIT): Promise<string> {
  return (await readWhole(path, limit)).toString('utf8');
}

/** The same; undefined where there is nothing. A link that leads nowhere is something. */
export async function readTextIfThere(path: string, limit: number = TEXT_LIMIT): Promise<string | undefined> {
  try {
    return await readText(path, limit);
  } catch (error) {
    if (error instanceof FileError && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** `readText` for small files that are needed at once. */
export function readTextSync(path: string, limit: number = TEXT_LIMIT): string {
  return readWholeSync(path, limit).toString('utf8');
}

/** `readWhole` for those that cannot wait. */
export function readWholeSync(path: string, limit: number): Buffer {
  let file: number | undefined;
  try {
    file = openSync(path, FLAGS);
    const found = fstatSync(file);
    if (!found.isFile()) throw notAFile(path, found);
    if (found.size > limit) throw tooLarge(path, found.size, limit);
    return readFileSync(file);
  } catch (error) {
    throw brokenLink(path, error) ?? fileError(error, path);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/**
 * For files that somebody else opens, such as Node.js a module: something else than a file would keep it waiting.
 *
 * @throws FileError for what is there and no regular file; what is absent, or cannot be looked at, is left to who opens it
 */
export function refuseOtherThanFile(path: string): void {
  let found: Stats | undefined;
  try {
    found = statSync(path, { throwIfNoEntry: false });
  } catch {
    return;
  }
  if (found && !found.isFile()) throw notAFile(path, found);
}

function tooLarge(path: string, size: number, limit: number): FileError {
  return new FileError(`${path} is too large: it has ${size} bytes, where at most ${limit} are read.`, {
    code: 'E2BIG',
    path,
    remedy: 'Move it away, or delete it.',
  });
}

/** The first `size` bytes; fewer where the file has become shorter. */
async function readBytes(handle: FileHandle, size: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(size);
  let filled = 0;
  while (filled < size) {
    const { bytesRead } = await handle.read(bytes, filled, Math.min(size - filled, CHUNK), filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

function brokenLink(path: string, error: unknown): FileError | undefined {
  if (codeOf(error) !== 'ENOENT') return undefined;
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found?.isSymbolicLink()) return undefined;
  return new FileError(`${path} is a link that leads nowhere.`, { code: 'EFTYPE', path, remedy: 'Delete the link.' });
}

function kindOf(found: Stats): string {
  if (found.isDirectory()) return 'a folder';
  if (found.isFIFO()) return 'a named pipe';
  if (found.isSocket()) return 'a socket';
  return found.isCharacterDevice() || found.isBlockDevice() ? 'a device' : 'no regular file';
}
