import { randomUUID } from 'node:crypto';
import type { Stats } from 'node:fs';
import { lstat, open, realpath, rename, stat, unlink } from 'node:fs/promises';
import { FileError, fileError } from './file-error.ts';
import { DRAFT } from './leftovers.ts';
import { notAFile } from './read-whole.ts';

/*
 * The usual library for this (write-file-atomic) asks the system once to write everything and does not look at how much it did:
 * on a full disk the first part of a file replaces the whole one.
 */

/**
 * Replaces the file at `path`, or creates it: readers see the old content or the new one, and after an error or a kill the old one
 * is still there. Keeps the mode and the owner of the file that was there, and follows a link to it.
 *
 * @throws FileError where the disk is full, the folder is missing or read-only, or something else than a file is in the way
 */
export async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  try {
    const { target, old } = await placeOf(path);
    const draft = `${target}.${randomUUID()}${DRAFT}`;
    try {
      await writeDraft(draft, bytes, old);
      await rename(draft, target);
    } catch (error) {
      await unlink(draft).catch(() => {});
      throw error;
    }
  } catch (error) {
    throw fileError(error, path);
  }
}

/** Where the content goes once links are followed, and what is there now. */
async function placeOf(path: string): Promise<{ target: string; old: Stats | undefined }> {
  const found = await lstat(path).catch(absent);
  if (!found) return { target: path, old: undefined };
  const target = found.isSymbolicLink() ? await realpath(path) : path;
  const old = await stat(target);
  if (!old.isFile()) throw notAFile(path, old);
  return { target, old };
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

async function writeDraft(draft: string, bytes: Uint8Array, old: Stats | undefined): Promise<void> {
  const handle = await open(draft, 'wx');
  try {
    // Goes on until the system has taken everything, or says why it does not.
    await handle.writeFile(bytes);
    if (old) {
      await handle.chmod(old.mode & 0o7777).catch(() => {});
      await handle.chown(old.uid, old.gid).catch(() => {});
    }
    await handle.sync();
    const { size } = await handle.stat();
    if (size !== bytes.length)
      throw new FileError(`${draft} has ${size} bytes after ${bytes.length} were written.`, {
        code: 'EIO',
        path: draft,
        remedy: 'Check the disk.',
      });
  } finally {
    await handle.close();
  }
}
