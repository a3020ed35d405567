/**
 * The published form: two sorted files for each table and scale, a line for each trial. What a rerun reproduces stands in
 * `measured-<scale>.jsonl`, what it does not (machine, date, commit, seconds) in `runs-<scale>.jsonl`.
 */

import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PrunebenchError, type TrialRecord } from '@prunebench/core';
import { makeFolder, syncFolder, writeWhole } from '@prunebench/files';
import { type Lines, measuredLine, recordOf, runLine } from './lines.ts';
import { type CorruptLine, type Line, type PublishedFile, readPublishedFile } from './published-file.ts';
import { publishedFiles, type RecordTable } from './table.ts';

/** One trial as it is published. */
export interface PublishedTrial {
  readonly record: TrialRecord;
  /** Of the measurements, 1 for the first. */
  readonly line: number;
  readonly lines: Lines;
}

/** What two published files hold. */
export interface PublishedTable {
  /** By name, in the order of the file. */
  readonly trials: ReadonlyMap<string, PublishedTrial>;
  readonly corrupt: readonly CorruptLine[];
  /** Lines of runs without measurements, by name: of no record, and kept as long as nobody takes them out. */
  readonly spareRuns: ReadonlyMap<string, string>;
  /** What the next `run` or `report` puts in order, and nobody has to do anything about. */
  readonly untidy: readonly { readonly file: string; readonly line: number; readonly reason: string }[];
}

/**
 * Reads both files. Trials in `overridden` have a working file, so that a kill while they were published may have left one file
 * without the other's change: their lines need not fit together.
 *
 * @throws PrunebenchError for files that say nothing certain: conflicts of a merge, a trial twice, measurements without
 *   their run, or with that of other measurements
 */
export async function readPublished(table: RecordTable, overridden: ReadonlySet<string>): Promise<PublishedTable> {
  const files = publishedFiles(table);
  const measured = await readPublishedFile(files.measured, measuredLine);
  const runs = await readPublishedFile(files.runs, runLine);
  const unreadable = new Set(runs.corrupt.map(({ name }) => name));
  const trials = new Map<string, PublishedTrial>();
  const corrupt = [...measured.corrupt, ...runs.corrupt];
  for (const [name, line] of measured.lines) {
    const run = runs.lines.get(name);
    if (run && run.value.of === line.value.digest) trials.set(name, trialOf(line, run));
    else if (overridden.has(name) || unreadable.has(name)) continue;
    else if (run) throw otherRun(measured, line, runs, run);
    else if (unreadable.has(undefined))
      corrupt.push({ ...line, file: measured.file, reason: `its line in ${runs.file} cannot be read` });
    else throw withoutRun(measured, line, runs);
  }
  const known = new Set([...measured.lines.keys(), ...measured.corrupt.map(({ name }) => name), ...overridden]);
  const spare = [...runs.lines.values()].filter(({ name }) => !known.has(name));
  return {
    trials,
    corrupt,
    spareRuns: new Map(spare.map(({ name, text }) => [name, text])),
    untidy: [...untidy(measured), ...untidy(runs), ...spare.map((line) => withoutMeasurements(runs, line))],
  };
}

/**
 * Replaces both files by these trials', each whole or not at all; without any trial the files go.
 *
 * A kill may come between the two. Where lines are added or changed, whose working files are still there, runs come first; where
 * lines are removed (`removing`) measurements do. What is left then is a run without measurements, which is ignored.
 *
 * @param spareRuns lines of runs without measurements that stay: a lost or emptied file of measurements costs no provenance
 */
export async function writePublished(
  table: RecordTable,
  trials: ReadonlyMap<string, Lines>,
  { removing = false, spareRuns = new Map() }: { removing?: boolean; spareRuns?: ReadonlyMap<string, string> } = {},
): Promise<void> {
  const { measured, runs } = publishedFiles(table);
  const measuredLines = new Map([...trials].map(([name, lines]) => [name, lines.measured]));
  const runLines = new Map([...spareRuns, ...[...trials].map(([name, lines]) => [name, lines.run] as const)]);
  await makeFolder(dirname(measured));
  const writes = [() => replace(runs, runLines), () => replace(measured, measuredLines)];
  for (const write of removing ? writes.toReversed() : writes) {
    await write();
    await syncFolder(dirname(measured));
  }
}

/** Lines by name, sorted; no lines, no file. */
async function replace(file: string, lines: ReadonlyMap<string, string>): Promise<void> {
  const sorted = [...lines].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, line]) => line);
  if (sorted.length === 0) await rm(file, { force: true });
  else await writeWhole(file, `${sorted.join('\n')}\n`);
}

type Measured = Parameters<typeof recordOf>[0];
type Run = Parameters<typeof recordOf>[1];

function trialOf(measured: Line<Measured>, run: Line<Run>): PublishedTrial {
  const lines = { measured: measured.text, run: run.text };
  return { record: recordOf(measured.value, run.value), line: measured.line, lines };
}

function untidy({ file, unsorted }: PublishedFile<unknown>): PublishedTable['untidy'] {
  return unsorted === undefined ? [] : [{ file, line: unsorted, reason: 'the lines are not sorted by trial' }];
}

function withoutMeasurements(
  { file }: PublishedFile<Run>,
  { name, line }: Line<Run>,
): PublishedTable['untidy'][number] {
  return { file, line, reason: `trial ${name} has a run and no measurements` };
}

const BOTH =
  'Restore both files from Git, or delete both lines and run the benchmark again; only this trial is recomputed.';

function withoutRun({ file }: PublishedFile<Measured>, { name, line }: Line<Measured>, runs: PublishedFile<Run>) {
  return new PrunebenchError(`${file}:${line}: trial ${name} has no line in ${runs.file}.`, { remedy: BOTH });
}

function otherRun(
  measured: PublishedFile<Measured>,
  { name, line }: Line<Measured>,
  runs: PublishedFile<Run>,
  run: Line<Run>,
) {
  return new PrunebenchError(
    `${measured.file}:${line}: trial ${name} has the run of other measurements, in ${runs.file}:${run.line}.`,
    { remedy: `After a merge, take both lines from the same side. ${BOTH}` },
  );
}
