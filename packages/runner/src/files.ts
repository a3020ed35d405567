import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, mkdir, open, rename } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { PrunebenchError } from '@prunebench/core';
import writeFileAtomic from 'write-file-atomic';

/** Writes pretty JSON to a temporary name, syncs it and renames it: readers see the old file or the new one. */
export async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFileAtomic(path, `${JSON.stringify(value, null, 2)}\n`);
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

export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** SHA-256 of a file's bytes, hexadecimal. */
export async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** Renames a file or folder that cannot be believed to the first free `<path>.corrupt-<n>`, and returns that name. */
export async function setAside(path: string): Promise<string> {
  for (let n = 1; ; n++) {
    const target = `${path}.corrupt-${n}`;
    if (await exists(target)) continue;
    await rename(path, target);
    return target;
  }
}

/**
 * Creates a folder and its parents.
 *
 * @throws PrunebenchError where that is not allowed
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    throw fileSystemError(error) ?? error;
  }
}

const causes: Readonly<Record<string, readonly [what: string, remedy: string]>> = {
  ENOSPC: ['The disk is full', 'Free some space and run the same command again: finished stages are kept.'],
  EDQUOT: ['The disk quota is used up', 'Free some space and run the same command again: finished stages are kept.'],
  EACCES: ['No permission to write', 'Choose another folder with --results, or change its permissions.'],
  EPERM: ['No permission to write', 'Choose another folder with --results, or change its permissions.'],
  EROFS: ['The file system is read-only', 'Choose another folder with --results.'],
  ENOTDIR: ['A part of the path is a file, not a folder', 'Choose another folder with --results.'],
  EEXIST: ['A file stands where a folder is needed', 'Choose another folder with --results.'],
};

/** A file-system error that a user can mend, in words; undefined for any other error. */
export function fileSystemError(error: unknown): PrunebenchError | undefined {
  const { code, path } = (error ?? {}) as NodeJS.ErrnoException;
  const known = code === undefined ? undefined : causes[code];
  if (!known) return undefined;
  const [what, remedy] = known;
  return new PrunebenchError(`${what}${path ? `: ${path}` : ''} (${code}).`, { remedy, cause: error });
}
