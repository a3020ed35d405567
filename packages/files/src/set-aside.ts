/** What cannot be believed leaves its place under a name of its own, so that nobody's data are lost. */
import { constants } from 'node:fs';
import { copyFile, lstat, rename } from 'node:fs/promises';

/** Says in one line that a file could not be believed and what became of it. */
export type Notice = (line: string) => void;

/** Renames a file or folder to the first free `<path>.corrupt-<n>`, and returns that name. */
export async function setAside(path: string): Promise<string> {
  const target = await firstFree(path);
  await rename(path, target);
  return target;
}

/** Copies a file to the first free `<path>.corrupt-<n>`, and returns that name. */
export async function copyAside(path: string): Promise<string> {
  const target = await firstFree(path);
  await copyFile(path, target, constants.COPYFILE_EXCL);
  return target;
}

/** Whether there is anything of this name, a link that leads nowhere included. */
export async function isTaken(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

async function firstFree(path: string): Promise<string> {
  for (let n = 1; ; n++) {
    const target = `${path}.corrupt-${n}`;
    if (!(await isTaken(target))) return target;
  }
}
