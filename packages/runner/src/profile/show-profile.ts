import { join } from 'node:path';
import type { ScaleName } from '@prunebench/core';
import { writeWhole } from '@prunebench/files';
import { renderCsv, type Table, tableOf } from '@prunebench/report/tables';
import { currentCommit, host } from '../provenance.ts';
import type { ResultsFolder } from '../results/results-folder.ts';
import type { Setting } from '../terminal/setting.ts';
import type { PartTime, RunProfile } from './run-time.ts';

/** Parts of which one is much like another, so that the time of one says something. */
const ALIKE: ReadonlySet<PartTime['part']> = new Set([
  'start of workers',
  'compile',
  'batches',
  'dense steps',
  'sparse steps',
  'steps not compiled',
  'evaluation',
  'batches of evaluation',
  'scoring',
  'read states',
  'write states',
  'records',
]);

/** The table for readers, and a sentence below it. */
export function profileText(profile: RunProfile, set: Setting): string {
  return `${set.table(profileTable(profile))}\n\n${set.text(profileSentence(profile))}`;
}

function profileTable({ parts, workers }: RunProfile): Table {
  const inWorkers = workers === 1 ? 'in the worker' : 'in the workers';
  return tableOf<PartTime>(
    [
      { head: 'part', text: ({ part, by }) => (part === 'other' && by === 'workers' ? `other, ${inWorkers}` : part) },
      { head: 'seconds', text: ({ seconds }) => seconds.toFixed(2) },
      { head: 'share', text: ({ share }) => `${(100 * share).toFixed(1)} %` },
      { head: 'times', text: ({ count }) => (count > 0 ? String(count) : '') },
      { head: 'ms each', text: (row) => (ALIKE.has(row.part) ? millisecondsEach(row) : '') },
    ],
    parts.filter(({ seconds }) => seconds >= 0.005),
  );
}

function millisecondsEach({ seconds, count }: PartTime): string {
  return count === 0 ? '' : String(Number(((1000 * seconds) / count).toPrecision(3)));
}

function profileSentence({ wallSeconds, processorSeconds, workers, threads }: RunProfile): string {
  const whole = `Wall time ${wallSeconds.toFixed(1)} s, processor time ${processorSeconds.toFixed(1)} s.`;
  if (workers === 0) return `${whole} No worker was needed.`;
  const each = threads === 1 ? '1 thread' : `${threads} threads`;
  if (workers === 1) return `${whole} 1 worker with ${each}.`;
  return `${whole} ${workers} workers with ${each} each: what they do is added up, and takes 1/${workers} of that from the wall time.`;
}

/**
 * Writes the profile beside the table that it is of, in place of an earlier one.
 *
 * @returns the path
 */
export async function writeProfile(
  profile: RunProfile,
  folder: ResultsFolder,
  benchmark: string,
  scale: ScaleName,
): Promise<string> {
  const { commit, dirty } = await currentCommit();
  const { cpu, cores, platform } = host();
  const number = (value: number) => String(Number(value.toPrecision(6)));
  const same = [
    ['workers', String(profile.workers)],
    ['threads', String(profile.threads)],
    ['run_wall_seconds', number(profile.wallSeconds)],
    ['run_processor_seconds', number(profile.processorSeconds)],
    ['commit', commit],
    ['dirty', dirty ? 'TRUE' : 'FALSE'],
    ['cpu', cpu],
    ['cores', String(cores)],
    ['platform', platform],
    ['node', process.version],
    ['measured_at', new Date().toISOString()],
  ].map(([head, text]) => ({ head, text: () => text }));
  const table = tableOf<PartTime>(
    [
      { head: 'by', text: ({ by }) => by },
      { head: 'part', text: ({ part }) => part },
      { head: 'seconds', text: ({ seconds }) => number(seconds) },
      { head: 'times', text: ({ count }) => (count > 0 ? String(count) : '') },
      { head: 'wall_seconds', text: ({ wallSeconds }) => number(wallSeconds) },
      { head: 'share', text: ({ share }) => number(share) },
      ...same,
    ],
    profile.parts,
  );
  const file = join(folder.root, benchmark, `profile-${scale}.csv`);
  await writeWhole(file, renderCsv(table));
  return file;
}
