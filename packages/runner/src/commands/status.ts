import { join } from 'node:path';
import { printable } from '@prunebench/core';
import { exists } from '@prunebench/files';
import { describeActivity, duration } from '../progress/format.ts';
import type { RunStatus } from '../progress/run-status.ts';
import { publishedResults, scratchResults } from '../results/default-folders.ts';
import { existingResults } from '../results/results-folder.ts';
import { type RunState, runState } from '../results/run-state.ts';
import { shellWord } from '../terminal/shell-word.ts';

export interface StatusOptions {
  /** Absent: the published folder and the one for scratch runs. */
  readonly results?: string;
  readonly json: boolean;
}

/** Says what runs in a results folder, or that nothing does. */
export async function status({ results, json }: StatusOptions): Promise<void> {
  const states = [];
  for (const root of results === undefined ? await defaultFolders() : [results]) {
    const folder = await existingResults(root);
    states.push({ results: folder.root, ...(await runState(folder)) });
  }
  if (json) console.log(JSON.stringify(results === undefined ? states : states[0], null, 2));
  else console.log(states.map((state) => describeState(state, state.results).join('\n')).join('\n\n'));
}

/** Where runs write that are given no folder, as far as there is something. */
async function defaultFolders(): Promise<readonly string[]> {
  const scratch = await exists(join(scratchResults, 'results.json'));
  return scratch ? [publishedResults, scratchResults] : [publishedResults];
}

/**
 * The state of a results folder in a few lines.
 *
 * @param now milliseconds since 1970
 */
export function describeState(found: RunState, root: string, now: number = Date.now()): readonly string[] {
  if (found.state === 'busy')
    return [
      `Process ${found.pid} on ${found.host} holds the lock of ${root}: a report, or a run that has just begun or is of an earlier version.`,
    ];
  const { state, run } = found;
  if (run === null) return [`Nothing runs in ${root}.`];
  if (state === 'running') return [...describeRunning(run, now), `process    ${run.pid} on ${run.host}`];
  const what = `${run.benchmark}, scale ${run.scale}`;
  if (state === 'died')
    return [
      `Nothing runs in ${root}. The last run, ${what}, was killed or its machine was switched off.`,
      `begun      ${ago(run.startedAt, now)}`,
      `last word  ${ago(run.updatedAt, now)}${run.trials ? `: ${counted(run)}` : ''}`,
      ...goesOn(run),
    ];
  const { at, how, reason } = run.ended ?? { at: run.updatedAt, how: 'finished', reason: null };
  return [
    `Nothing runs in ${root}. The last run, ${what}, ${ENDS[how]}${reason === null ? '' : `: ${printable(reason)}`}`,
    `begun      ${ago(run.startedAt, now)}`,
    `ended      ${ago(at, now)}`,
    ...(how === 'finished' ? [] : goesOn(run)),
  ];
}

const ENDS = { finished: 'came to its end', stopped: 'was stopped', failed: 'could not go on' } as const;

const PHASES = {
  starting: 'is looking at what is finished',
  training: 'is computing trials',
  timing: 'is timing the pruned networks',
  tables: 'is writing tables and plots',
} as const;

function describeRunning(run: RunStatus, now: number): readonly string[] {
  const { benchmark, scale, phase, trials, fraction, secondsLeft, workers, startedAt, updatedAt } = run;
  const percent = fraction === null ? '' : `, ${Math.floor(fraction * 100)} % of the work`;
  const left = secondsLeft === null ? 'not known yet' : `about ${duration(secondsLeft)}`;
  const silent = now - Date.parse(updatedAt) > SILENCE_MS ? [`last word  ${ago(updatedAt, now)}`] : [];
  return [
    `${benchmark}, scale ${scale}, ${PHASES[phase]}.`,
    ...(trials ? [`done       ${counted(run)}${percent}`, `time left  ${left}`] : []),
    ...workers.map(
      (worker, index) =>
        `worker ${index + 1}   ${worker ? printable(describeActivity({ task: worker.task, progress: worker })) : 'idle'}`,
    ),
    `since      ${ago(startedAt, now)}`,
    ...silent,
  ];
}

/** A run without anything new has an epoch, an evaluation or a scoring that takes long: worth saying. */
const SILENCE_MS = 60_000;

function counted({ phase, trials }: RunStatus): string {
  const { done, total, failed } = trials ?? { done: 0, total: 0, failed: 0 };
  return `${done} of ${total} ${phase === 'timing' ? 'networks' : 'trials'}${failed > 0 ? `, ${failed} failed` : ''}`;
}

function goesOn({ command }: RunStatus): readonly string[] {
  return command.length === 0 ? [] : [`goes on with: ./prunebench ${command.map(shellWord).join(' ')}`];
}

/** "2026-11-28 14:03:12, 2 min 05 s ago", in the time of this machine. */
function ago(at: string, now: number): string {
  const time = new Date(at);
  const pad = (value: number) => String(value).padStart(2, '0');
  const date = [time.getFullYear(), pad(time.getMonth() + 1), pad(time.getDate())].join('-');
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(pad).join(':');
  return `${date} ${clock}, ${duration((now - time.getTime()) / 1000)} ago`;
}
