import { createHash } from 'node:crypto';
import { lstat, rename } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { PrunebenchError } from '@prunebench/core';
import { existsUpwards, isFolder, openFile, writeWhole } from '@prunebench/files';

export {
  diskError,
  exists,
  existsUpwards,
  folderError,
  makeFolder,
  readTextIfThere,
  syncFolder,
  systemError,
} from '@prunebench/files';

/** Writes pretty JSON: readers see the old file or the new one. */
export async function writeJson(path: string, value: unknown): Promise<void> {
  await writeWhole(path, `${JSON.stringify(value, null, 2)}\n`);
}

/**
 * SHA-256 of a file's bytes, hexadecimal.
 *
 * @throws FileError for what is no regular file, or cannot be read
 */
export async function sha256(path: string): Promise<string> {
  const { handle } = await openFile(path);
  const hash = createHash('sha256');
  await pipeline(handle.createReadStream(), hash);
  return hash.digest('hex');
}

/** Renames a file or folder that cannot be believed to the first free `<path>.corrupt-<n>`, and returns that name. */
export async function setAside(path: string): Promise<string> {
  for (let n = 1; ; n++) {
    const target = `${path}.corrupt-${n}`;
    if (await isTaken(target)) continue;
    await rename(path, target);
    return target;
  }
}

/** Whether there is anything of this name, a link that leads nowhere included. */
export async function isTaken(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

/**
 * For a folder that is only read, there or not.
 *
 * @throws PrunebenchError when it, or what should be a folder above it, is a file
 */
export async function refuseFile(path: string): Promise<void> {
  const found = await existsUpwards(path);
  if (!(await isFolder(found)))
    throw new PrunebenchError(`A file stands where a folder is needed: ${found}.`, {
      remedy: 'Choose another folder with --results.',
    });
}
