import { access, mkdir, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf } from '@prunebench/core';
import { fileError, folderError } from './file-error.ts';

/** What keeps anybody from saying whether something is there: to take it for absent would be to do its work again, or to replace it. */
const UNCERTAIN = ['EACCES', 'EPERM', 'EIO', 'EMFILE', 'ENFILE', 'ENOMEM', 'ESTALE'];

/**
 * For a look at something that may be absent.
 *
 * @returns what handles the error of the system's call: false where there is nothing
 * @throws FileError where the system does not say
 */
export function absentUnlessUncertain(path: string): (error: unknown) => false {
  return (error) => {
    if (UNCERTAIN.includes(codeOf(error) ?? '')) throw fileError(error, path);
    return false;
  };
}

/**
 * Whether there is something at `path`, once links are followed.
 *
 * @throws FileError where the system does not say (no permission): unreadable is not absent
 */
export async function exists(path: string): Promise<boolean> {
  return access(path).then(() => true, absentUnlessUncertain(path));
}

/** Whether there is a folder, or a link to one; throws as `exists` does. */
export async function isFolder(path: string): Promise<boolean> {
  return stat(path).then((found) => found.isDirectory(), absentUnlessUncertain(path));
}

/** The path itself, or its nearest parent that exists. */
export async function existsUpwards(path: string): Promise<string> {
  return (await exists(path)) ? path : existsUpwards(dirname(path));
}

/**
 * Creates a folder and its parents, one after the other: Node.js's own recursive `mkdir` never returns under /proc.
 *
 * @param option what names the folder: an option of the command line, or a variable
 * @throws FileError where that is not allowed
 */
export async function makeFolder(path: string, option: string = '--results'): Promise<void> {
  try {
    if (await isFolder(path)) return;
    if (dirname(path) !== path) await makeFolder(dirname(path), option);
    await mkdir(path);
  } catch (error) {
    if (codeOf(error) === 'EEXIST' && (await isFolder(path))) return;
    throw folderError(error, option) ?? error;
  }
}

/** Makes a rename inside `folder` last through a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
