import type { Dirent } from 'node:fs';
import { readdir, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { codeOf } from '@prunebench/core';
import { FileError, fileError } from './file-error.ts';

/**
 * Refuses a folder in which a link leads out of it: what is written through the link, or deleted behind it, would be somebody else's.
 * Links inside the folder, and the folder itself being one, are fine; what a link in a hidden folder leads to is not looked at, but
 * the hidden folder itself must be none.
 *
 * @param option what names the folder
 * @throws FileError naming the first such link
 */
export async function refuseLinksOut(folder: string, option: string = '--results'): Promise<void> {
  const root = await realpath(folder).catch(absent);
  if (root === undefined) return;
  for (const link of await linksIn(folder)) {
    const target = await realpath(link).catch(absent);
    if (target === undefined || target === root || target.startsWith(root.endsWith(sep) ? root : root + sep)) continue;
    throw new FileError(`${link} is a link that leads out of its folder, to ${target}: nothing is written there.`, {
      code: 'EFTYPE',
      path: link,
      remedy: `Delete the link, or choose another folder with ${option}.`,
    });
  }
}

/** All links below a folder, those in its hidden folders left out; links are not followed. */
async function linksIn(folder: string): Promise<readonly string[]> {
  const entries = await entriesOf(folder);
  const below = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'));
  const deeper = await Promise.all(below.map(({ name }) => entriesOf(join(folder, name), true)));
  return [...entries, ...deeper.flat()]
    .filter((entry) => entry.isSymbolicLink())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function entriesOf(folder: string, recursive: boolean = false): Promise<Dirent[]> {
  return readdir(folder, { withFileTypes: true, recursive }).catch((error) => {
    throw fileError(error, folder);
  });
}

/** A link that leads nowhere, or back to itself: nothing can be written through it. */
function absent(error: unknown): undefined {
  if (!['ENOENT', 'ENOTDIR', 'ELOOP'].includes(codeOf(error) ?? '')) throw error;
}
