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

/**
 * Creates a folder and its parents, one after the other: Node.js's own recursive `mkdir` never returns under /proc.
 *
 * @throws PrunebenchError where that is not allowed
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    if (await isFolder(path)) return;
    if (dirname(path) !== path) await makeFolder(dirname(path));
    await mkdir(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST' && (await isFolder(path))) return;
    throw folderError(error) ?? error;
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

type Explanation = readonly [what: string, remedy: string];

const KEPT = 'Free some space and run the same command again: finished stages are kept.';
const OTHER_FOLDER = 'Choose another folder with --results.';

/** What can befall a disk at any moment. */
const diskFaults: Readonly<Record<string, Explanation>> = {
  ENOSPC: ['The disk is full', KEPT],
  EDQUOT: ['The disk quota is used up', KEPT],
  EROFS: ['The file system is read-only', OTHER_FOLDER],
};

/** What makes a folder unusable from the start. */
const folderFaults: Readonly<Record<string, Explanation>> = {
  ...diskFaults,
  EACCES: ['No permission to write', `${OTHER_FOLDER.slice(0, -1)}, or change its permissions.`],
  EPERM: ['No permission to write', `${OTHER_FOLDER.slice(0, -1)}, or change its permissions.`],
  ENOTDIR: ['A part of the path is a file, not a folder', OTHER_FOLDER],
  ENOENT: ['No folder can be created there', OTHER_FOLDER],
  EEXIST: ['A file stands where a folder is needed', OTHER_FOLDER],
};

/** Why a folder cannot be used, in words; undefined for an error that is none of the file system's. */
export function folderError(error: unknown): PrunebenchError | undefined {
  return explain(error, folderFaults);
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
