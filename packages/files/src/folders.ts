import { access, mkdir, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf } from '@prunebench/core';
import { folderError } from './file-error.ts';

export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

export async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
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
