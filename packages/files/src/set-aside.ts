/** What cannot be believed leaves its place under a name of its own, so that nobody's data are lost. */
import { constants } from 'node:fs';
import { copyFile, lstat, rename } from 'node:fs/promises';
import { codeOf } from '@prunebench/core';
import { fileError } from './file-error.ts';
import { absentUnlessUncertain } from './folders.ts';

/** Says in one line that a file could not be believed and what became of it. */
export type Notice = (line: string) => void;

/**
 * Renames a file, folder or link to the first free `<path>.corrupt-<n>`.
 *
 * @returns that name; undefined where it is gone: another process has met the same damage
 * @throws FileError where that is not allowed
 */
export async function setAside(path: string): Promise<string | undefined> {
  for (;;) {
    const target = await firstFree(path);
    try {
      await rename(path, target);
      return target;
    } catch (error) {
      const code = codeOf(error) ?? '';
      if (TAKEN.includes(code)) continue;
      if (code === 'ENOENT') return undefined;
      throw fileError(error, path);
    }
  }
}

/** Somebody else has just taken the name. */
const TAKEN = ['ENOTEMPTY', 'EEXIST', 'EISDIR', 'ENOTDIR'];

/** Copies a file to the first free `<path>.corrupt-<n>`, and returns that name. */
export async function copyAside(path: string): Promise<string> {
  const target = await firstFree(path);
  await copyFile(path, target, constants.COPYFILE_EXCL);
  return target;
}

/**
 * Whether there is anything of this name, a link that leads nowhere included.
 *
 * @throws FileError where the system does not say
 */
export async function isTaken(path: string): Promise<boolean> {
  return lstat(path).then(() => true, absentUnlessUncertain(path));
}

async function firstFree(path: string): Promise<string> {
  for (let n = 1; ; n++) {
    const target = `${path}.corrupt-${n}`;
    if (!(await isTaken(target))) return target;
  }
}
