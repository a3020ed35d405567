import { PrunebenchError, type TrialRecord } from '@prunebench/core';
import { readPublished } from './published.ts';
import type { CorruptLine } from './published-file.ts';
import {
  publishedFiles,
  type RecordPlace,
  type RecordTable,
  recordTables,
  workingFile,
  workingNames,
} from './table.ts';
import { readWorking } from './working.ts';

/** Something in the place of a record that cannot be believed: cut short, no JSON, a field missing, changed after it was written. */
export interface CorruptRecord extends Omit<CorruptLine, 'line'> {
  readonly table: RecordTable;
  /** 1 for the first line of a published file; null for a working file. */
  readonly line: number | null;
}

/** Records as they were found on disk. */
export interface LoadedRecords {
  /** By benchmark, scale and name, whatever their form, so that everything computed from them is in that order; without their seals. */
  readonly records: readonly TrialRecord[];
  readonly places: ReadonlyMap<TrialRecord, RecordPlace>;
  readonly corrupt: readonly CorruptRecord[];
  /** Lines of published files out of order, or left over by a kill. Nothing is wrong with the records. */
  readonly untidy: readonly { readonly file: string; readonly line: number; readonly reason: string }[];
}

/**
 * Reads every record below a results folder, published (`<benchmark>/measured-<scale>.jsonl` with `runs-<scale>.jsonl`) and working
 * (`<benchmark>/records/<scale>/<name>.json`). Where a trial has both, the working one is the newer.
 *
 * @param options.onCorrupt whether what is no record is listed, or stops
 * @param options.onUnreadable told of a table that can be read not at all, which is left out then; absent, such a table stops
 * @throws PrunebenchError for a record of another schema version and for published files in which a merge left a conflict, a
 *   trial twice, or measurements without their run, whatever `onCorrupt` says
 */
export async function loadRecords(
  root: string,
  {
    onCorrupt = 'throw',
    onUnreadable,
  }: { onCorrupt?: 'report' | 'throw'; onUnreadable?: (table: RecordTable, error: PrunebenchError) => void } = {},
): Promise<LoadedRecords> {
  const tables: LoadedRecords[] = [];
  for (const table of await recordTables(root)) {
    try {
      tables.push(await loadTable(table));
    } catch (error) {
      if (!onUnreadable || !(error instanceof PrunebenchError)) throw error;
      onUnreadable(table, error);
    }
  }
  const places = new Map(tables.flatMap((table) => [...table.places]));
  const corrupt = tables.flatMap((table) => table.corrupt);
  const [first] = corrupt;
  if (first && onCorrupt === 'throw')
    throw new PrunebenchError(`${lineOf(first)} is not a trial record: ${first.reason}`, {
      remedy: 'Run its benchmark again: what is no record is set aside, and only this trial is recomputed.',
    });
  return { records: [...places.keys()], places, corrupt, untidy: tables.flatMap((table) => table.untidy) };
}

/** The same for one table, what is no record listed. A folder that does not exist holds no records. */
export async function loadTable(table: RecordTable): Promise<LoadedRecords> {
  const found: [TrialRecord, RecordPlace][] = [];
  const corrupt: CorruptRecord[] = [];
  // Published files are read after the working ones: who publishes at this moment removes these last.
  for (const name of await workingNames(table)) {
    const parsed = await readWorking(table, name);
    const file = workingFile(table, name);
    if (!parsed) continue;
    if ('reason' in parsed) corrupt.push({ table, file, line: null, text: '', name, reason: parsed.reason });
    else {
      const { digest: _, ...record } = parsed.value;
      found.push([record, { table, name, file, line: null, sealed: parsed.sealed }]);
    }
  }
  const working = new Set(found.map(([, { name }]) => name));
  const published = await readPublished(table, working);
  const { measured } = publishedFiles(table);
  for (const [name, { record, line }] of published.trials)
    if (!working.has(name)) found.push([record, { table, name, file: measured, line, sealed: true }]);
  found.sort(([, a], [, b]) => (a.name < b.name ? -1 : 1));
  return {
    records: found.map(([record]) => record),
    places: new Map(found),
    corrupt: [...corrupt, ...published.corrupt.map((line) => ({ table, ...line }))],
    untidy: published.untidy,
  };
}

/** `file:line`, or the file alone where it holds one record. */
export function lineOf({ file, line }: { readonly file: string; readonly line: number | null }): string {
  return line === null ? file : `${file}:${line}`;
}
