import { PrunebenchError } from '@prunebench/core';
import { sweepLeftovers, tryLock } from '@prunebench/files';
import { StageStore } from '../stages/stage-store.ts';
import { type ResultsFolder, reopenResults, writtenFolders } from './results-folder.ts';

/**
 * Takes the lock of a results folder, so that two runs do not compute the same stages, and removes what killed ones left half
 * written. (Locks that rely on a refreshed modification time make a run wait after a kill.)
 *
 * @returns the function that gives it back
 * @throws PrunebenchError naming the process that holds it
 */
export async function lockResults(folder: ResultsFolder): Promise<() => Promise<void>> {
  const release = await takeLock(folder.lock);
  try {
    await new StageStore(folder.stages).sweep();
    for (const written of await writtenFolders(folder)) await sweepLeftovers(written);
    return release;
  } catch (error) {
    await release();
    throw error;
  }
}

/**
 * Does work that writes to an existing results folder while no run does.
 *
 * @throws PrunebenchError where there are no results, or another process writes to them
 */
export async function withResults<T>(root: string, work: (folder: ResultsFolder) => Promise<T>): Promise<T> {
  const folder = await reopenResults(root);
  const release = await lockResults(folder);
  try {
    return await work(folder);
  } finally {
    await release();
  }
}

/**
 * Takes the lock file at `path`; a lock whose process is gone is taken over at once.
 *
 * @returns the function that gives it back
 * @throws PrunebenchError naming the process that holds it
 */
export async function takeLock(path: string): Promise<() => Promise<void>> {
  const taken = await tryLock(path);
  if ('release' in taken) return () => taken.release();
  throw new PrunebenchError(`Another run (process ${taken.pid} on ${taken.host}) is using this results folder.`, {
    remedy: `Wait for it, or use another folder with --results. If that process is no run of Prunebench, delete ${taken.file}.`,
  });
}
