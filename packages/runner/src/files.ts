import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, mkdir, open, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
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

/** The path itself, or its nearest parent that exists. */
export async function existsUpwards(path: string): Promise<string> {
  return (await exists(path)) ? path : existsUpwards(dirname(path));
}

/**
 * Creates a folder and its parents, one after the other: Node.js's own recursive `mkdir` never returns under /proc.
 *
 * @param option the command line's option that names the folder
 * @throws PrunebenchError where that is not allowed
 */
export async function makeFolder(path: string, option: string = '--results'): Promise<void> {
  try {
    if (await isFolder(path)) return;
    if (dirname(path) !== path) await makeFolder(dirname(path), option);
    await mkdir(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST' && (await isFolder(path))) return;
    throw folderError(error, option) ?? error;
  }
}

/**
 * For a folder that is only read, there or not.
 *
 * @throws PrunebenchError when it, or what should be a folder above it, is a file
 */
export async function refuseFile(path: string): Promise<void> {
  const found = await existsUpwards(path);
  if (!(await isFolder(found)))
    throw new PrunebenchError(`${FILE_IN_PLACE}: ${found}.`, { remedy: otherFolder('--results') });
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

type Explanation = readonly [what: string, remedy: string];

const KEPT = 'Free some space and run the same command again: finished stages are kept.';
const FILE_IN_PLACE = 'A file stands where a folder is needed';
const otherFolder = (option: string) => `Choose another folder with ${option}.`;

/** What can befall a disk at any moment. */
const diskFaults: Readonly<Record<string, Explanation>> = {
  ENOSPC: ['The disk is full', KEPT],
  EDQUOT: ['The disk quota is used up', KEPT],
  EROFS: ['The file system is read-only', otherFolder('--results')],
};

/** What makes a folder unusable from the start. */
function folderFaults(option: string): Readonly<Record<string, Explanation>> {
  const other = otherFolder(option);
  const permissions = `${other.slice(0, -1)}, or change its permissions.`;
  return {
    ...diskFaults,
    EROFS: ['The file system is read-only', other],
    EACCES: ['No permission to write', permissions],
    EPERM: ['No permission to write', permissions],
    ENOTDIR: ['A part of the path is a file, not a folder', other],
    ENOENT: ['No folder can be created there', other],
    EEXIST: [FILE_IN_PLACE, other],
  };
}

/** Why a folder that `option` names cannot be used, in words; undefined for an error that is none of the file system's. */
export function folderError(error: unknown, option: string = '--results'): PrunebenchError | undefined {
  return explain(error, folderFaults(option));
}

/** The error for a disk that takes no more, wherever in the chain of causes it hides; undefined for any other error. */
export function diskError(error: unknown): PrunebenchError | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const explained = explain(cause, diskFaults);
    if (explained) return explained;
  }
  return undefined;
}

function explain(error: unknown, faults: Readonly<Record<string, Explanation>>): PrunebenchError | undefined {
  const { code, path } = (error ?? {}) as NodeJS.ErrnoException;
  const known = code === undefined ? undefined : faults[code];
  if (!known) return undefined;
  const [what, remedy] = known;
  return new PrunebenchError(`${what}${path ? `: ${path}` : ''} (${code}).`, { remedy, cause: error });
}
