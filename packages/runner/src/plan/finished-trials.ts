/** Which trials of a run have a record already, and whether that record is of the code and data of today. */
import { basename } from 'node:path';
import { PrunebenchError, type TrialRecord } from '@prunebench/core';
import type { Notice } from '@prunebench/files';
import {
  changesSince,
  commitsOf,
  RecordGroups,
  type RecordTable,
  readTable,
  unknownCode,
  withdrawRecords,
  workingFile,
  writeRecord,
} from '@prunebench/records';
import type { TrialCodes } from '../code/trial-code.ts';
import type { Registry } from '../registry.ts';
import { isOfItsKey, trialKeys } from './keys.ts';
import type { Trial } from './plan.ts';

/** What becomes of records of other code. */
export interface RecordPolicy {
  /** Every trial is computed again, also those whose record is of this very code. */
  readonly rerun: boolean;
  /** Records that another engine computed stay. */
  readonly keep: boolean;
}

export interface SortedTrials {
  /** To be computed: without a record, or with one that belongs to something else. */
  readonly pending: readonly Trial[];
  /** Those of them that have a record of other code or data. */
  readonly foreign: readonly Trial[];
  /** The records that stand. */
  readonly records: readonly TrialRecord[];
  /** How many of these another engine computed. */
  readonly kept: number;
}

export interface RecordsContext {
  /** Where the trials' records are. */
  readonly table: RecordTable;
  /** The results folder, for messages. */
  readonly root: string;
  readonly registry: Registry;
  /** Where all trials' code was located. */
  readonly codes: TrialCodes;
  readonly notice: Notice;
}

/**
 * Reads the record of every trial. Where the code of what the trial names, its plugin, its network or its data has changed, the
 * trial is computed again, which one line says; labels that changed are brought up to date.
 *
 * @throws PrunebenchError naming the records that another engine computed, unless the policy says what becomes of them
 */
export async function sortTrials(
  trials: readonly Trial[],
  { rerun, keep }: RecordPolicy,
  context: RecordsContext,
): Promise<SortedTrials> {
  const { table, notice, registry } = context;
  const keyOf = trialKeys(registry);
  // What is no trial of today may be named by what is not loaded.
  const declared = new Set(trials.map(({ name }) => name));
  const records = await readTable(
    table,
    notice,
    (record, name) => !declared.has(name) || isOfItsKey(record, registry, keyOf) === true,
  );
  const sorted = await sortByRecords(trials, { rerun, keep }, records, context);
  for (const [trial, record] of sorted.standing) await relabel(record, trial, table);
  return sorted;
}

/**
 * The same for records that were read, by name; nothing is written.
 *
 * @throws PrunebenchError as `sortTrials` does
 */
export async function sortByRecords(
  trials: readonly Trial[],
  { rerun, keep }: RecordPolicy,
  records: ReadonlyMap<string, TrialRecord>,
  context: Omit<RecordsContext, 'table'>,
): Promise<SortedTrials & { readonly standing: ReadonlyMap<Trial, TrialRecord> }> {
  const { root, notice } = context;
  const found = new Map<Trial, TrialRecord>();
  for (const trial of trials) {
    const record = records.get(trial.name);
    if (record) found.set(trial, record);
  }
  const { own, engine, ...changes } = await judge(found, context);
  if (engine.length > 0 && !rerun && !keep)
    throw new PrunebenchError(`Results in ${root} belong to other code than this: ${changes.engineLines.join('; ')}.`, {
      remedy:
        'Add --rerun to compute them again, --keep to keep them and compute only what is missing, or --results <another folder>.',
    });
  for (const line of changes.ownLines) notice(`${line}: computed again`);
  for (const line of changes.engineLines) notice(`${line}: ${rerun ? 'computed again' : 'kept as they are'}`);
  const again = rerun ? [...found.keys()] : own;
  if (rerun && found.size > 0)
    notice(`${count(found.size, 'finished trial is', 'finished trials are')} computed again`);
  for (const trial of again) found.delete(trial);
  return {
    pending: trials.filter((trial) => !found.has(trial)),
    foreign: rerun ? [...own, ...engine] : own,
    records: [...found.values()],
    standing: found,
    kept: rerun ? 0 : engine.length,
  };
}

interface Judged {
  readonly trials: Trial[];
  readonly groups: RecordGroups;
}

/** The trials whose record is of other code or data: of their own, or else of another engine; with what is to be said of them. */
async function judge(
  found: ReadonlyMap<Trial, TrialRecord>,
  { codes, registry }: Pick<RecordsContext, 'codes' | 'registry'>,
) {
  const own: Judged = { trials: [], groups: new RecordGroups() };
  const engine: Judged = { trials: [], groups: new RecordGroups() };
  const checksums = new Map<string, string>();
  for (const [trial, record] of found) {
    const { dataset } = trial.spec;
    if (!checksums.has(dataset)) checksums.set(dataset, await checksumOf(dataset, registry));
    const changes = changesSince(record, codes.code(trial.spec, record.run.backend), checksums.get(dataset));
    if (changes.own.length > 0) {
      own.trials.push(trial);
      for (const subject of changes.own) own.groups.add(subject, record);
    } else if (changes.engine?.length !== 0) {
      engine.trials.push(trial);
      engine.groups.add(changes.engine?.join(', ') ?? UNKNOWN, record);
    }
  }
  const changed = (subject: string, group: string) => `${subject} changed since ${group}`;
  return {
    own: own.trials,
    engine: engine.trials,
    ownLines: own.groups.describe(changed),
    engineLines: engine.groups.describe((subject, group) =>
      subject === UNKNOWN ? unknownCode(group) : changed(subject, group),
    ),
  };
}

/** In place of the parts of an engine that is not recorded. */
const UNKNOWN = '';

/** A data set's checksum; loaded where it does not say it beforehand. */
async function checksumOf(dataset: string, registry: Registry): Promise<string> {
  const entry = registry.datasets.get(dataset)!;
  return entry.checksum ?? (await entry.load()).checksum;
}

/** Labels are not part of a trial's identity, so a benchmark may rename a series without computing anything again. */
async function relabel(record: TrialRecord, trial: Trial, table: RecordTable): Promise<void> {
  const { series, control } = trial;
  if (record.series !== series || record.control !== control)
    await writeRecord(table, trial.name, { ...record, series, control });
}

/** Where numbers come from that were not computed now: in a clone, from another machine. */
export function nothingToRun({ records, kept }: SortedTrials, root: string): string {
  const remedy = 'To measure on this machine, add --results <another folder>.';
  if (kept === 0) return `Nothing was run: these are the records of ${commitsOf(records)} in ${root}. ${remedy}`;
  return (
    `No trial is missing in ${root}, but ${count(kept, 'record is', 'records are')} of other code than this, kept as asked ` +
    `(--rerun computes again). ${remedy}`
  );
}

function count(n: number, one: string, many: string): string {
  return `${n} ${n === 1 ? one : many}`;
}

/** Puts records aside that belong to other code and could not be made anew, so that no table shows them as this code's. */
export async function withdraw(trials: readonly Trial[], { table, notice }: RecordsContext): Promise<void> {
  const names = trials.map(({ name }) => name);
  if (names.length === 0) return;
  const moved = await withdrawRecords(table, names, 'other-code');
  for (const [i, name] of names.entries())
    notice(
      `${workingFile(table, name)} is of other code and could not be computed again: it is now ${basename(moved[i])}`,
    );
}
