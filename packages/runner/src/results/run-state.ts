import { lockHolder } from '@prunebench/files';
import { type RunStatus, readRunStatus } from '../progress/run-status.ts';
import type { ResultsFolder } from './results-folder.ts';

/**
 * What goes on in a results folder: a run; something else that holds its lock (a report, a run that has just begun); nothing, since a
 * run ended in order, or since ever; or nothing, since a run was killed.
 */
export type RunState =
  | { readonly state: 'running' | 'died'; readonly run: RunStatus }
  | { readonly state: 'busy'; readonly pid: number; readonly host: string }
  | { readonly state: 'idle'; readonly run: RunStatus | null };

/** Looks at the lock and at what the run says of itself; changes nothing. */
export async function runState(folder: Pick<ResultsFolder, 'lock' | 'status'>): Promise<RunState> {
  const holder = await lockHolder(folder.lock);
  const run = await readRunStatus(folder.status);
  if (holder?.alive) {
    const { pid, host, start } = holder;
    const own = run?.pid === pid && run.host === host && run.start === start;
    if (!run || !own) return { state: 'busy', pid, host };
    return { state: run.ended === null ? 'running' : 'idle', run };
  }
  if (run === undefined || run.ended !== null) return { state: 'idle', run: run ?? null };
  // A run gives its lock back after its last word: one that has begun since the first look holds it now.
  return (await lockHolder(folder.lock))?.alive ? runState(folder) : { state: 'died', run };
}
