/** From the working form into the published one. For who holds the results folder's lock. */
import { rm, rmdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { TrialRecord } from '@prunebench/core';
import { linesOf } from './lines.ts';
import { readPublished, writePublished } from './published.ts';
import { type RecordTable, recordTables, workingFile, workingFolder, workingNames } from './table.ts';
import { isInPlace, readWorking } from './working.ts';

/** What became of the working files of a table or folder. */
export interface Folded {
  /** Working files whose record is published now; they are gone. */
  readonly folded: number;
  /** Working files that stay: no records, records of another table, or all of a table whose published files are corrupt. */
  readonly left: number;
}

/**
 * Publishes the working files of a table: their lines take the place of those that their trials had, then the files go. Files that are no
 * record of this table stay, as does everything while a published line is corrupt: `readTable` sets both aside.
 *
 * Both published files are written whole before the first working file is removed, so that a kill at any moment loses
 * nothing: what still has its working file is read from there, and folded again. A record that is not declared any more is published
 * like any other.
 *
 * @throws PrunebenchError as `loadTable` does
 */
export async function foldTable(table: RecordTable): Promise<Folded> {
  const names = await workingNames(table);
  const working = new Map<string, TrialRecord>();
  for (const name of names) {
    const parsed = await readWorking(table, name);
    if (parsed && 'value' in parsed && isInPlace(parsed.value, table, name)) working.set(name, parsed.value);
  }
  const { trials, corrupt, spareRuns, untidy } = await readPublished(table, new Set(working.keys()));
  if (corrupt.length > 0) return { folded: 0, left: names.length };
  if (working.size > 0 || untidy.length > 0) {
    const published = [...trials].map(([name, { lines }]) => [name, lines] as const);
    const added = [...working].map(([name, record]) => [name, linesOf(name, record, trials.get(name))] as const);
    await writePublished(table, new Map([...published, ...added]), { spareRuns });
  }
  for (const name of working.keys()) await rm(workingFile(table, name));
  await removeEmpty(table);
  return { folded: working.size, left: names.length - working.size };
}

/** The same for every table below a results folder, or those of one benchmark. */
export async function foldRecords(root: string, benchmark?: string): Promise<Folded> {
  const total = { folded: 0, left: 0 };
  for (const table of await recordTables(root)) {
    if (benchmark !== undefined && table.benchmark !== benchmark) continue;
    const { folded, left } = await foldTable(table);
    total.folded += folded;
    total.left += left;
  }
  return total;
}

/** Folders that hold nothing any more; one that holds what was set aside stays. */
async function removeEmpty(table: RecordTable): Promise<void> {
  for (const folder of [workingFolder(table), dirname(workingFolder(table))]) await rmdir(folder).catch(() => {});
}
