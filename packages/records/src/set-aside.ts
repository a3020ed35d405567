/** Records that cannot be believed, or are of something else, leave their place and are kept under another name. For who holds the lock. */
import { rename } from 'node:fs/promises';
import { basename } from 'node:path';
import { sealed, type TrialRecord } from '@prunebench/core';
import { copyAside, exists, makeFolder, type Notice, setAside, writeJson } from '@prunebench/files';
import { type CorruptRecord, lineOf, loadTable } from './load.ts';
import { readPublished, writePublished } from './published.ts';
import {
  publishedFiles,
  type RecordPlace,
  type RecordTable,
  workingFile,
  workingFolder,
  workingNames,
} from './table.ts';
import { isInPlace } from './working.ts';

/**
 * The records of a table by name. What is no record, or says that it is another trial's, is set aside, with a notice: a working file is
 * renamed, a published line is taken out of files that are copied before.
 *
 * @param isSound whether a record says what its name stands for, as far as the caller knows
 * @throws PrunebenchError as `loadTable` does
 */
export async function readTable(
  table: RecordTable,
  notice: Notice,
  isSound: (record: TrialRecord, name: string) => boolean = () => true,
): Promise<ReadonlyMap<string, TrialRecord>> {
  const { places, corrupt } = await loadTable(table);
  const misplaced = [...places].filter(([record, { name }]) => !isInPlace(record, table, name));
  const forged = [...places].filter(([record, { name }]) => isInPlace(record, table, name) && !isSound(record, name));
  const wrong = [
    ...corrupt,
    ...misplaced.map(([record, place]) => strange(record, place)),
    ...forged.map(([, place]) => ({ ...place, text: '', reason: 'its key is not that of its spec' })),
  ];
  if (wrong.some(({ line }) => line !== null)) await takeOut(wrong, table, notice);
  const gone = new Set([...misplaced, ...forged].map(([record]) => record));
  const left = new Map([...places].flatMap(([record, { name }]) => (gone.has(record) ? [] : [[name, record]])));
  for (const { file, line, name, reason } of wrong) {
    if (line !== null) continue;
    const what = left.has(name ?? '') ? 'the published record stands' : RUNS_AGAIN;
    const aside = await setAside(file);
    if (aside !== undefined) notice(notBelieved(file, reason, basename(aside), what));
  }
  return left;
}

function strange({ key, benchmark, scale }: TrialRecord, place: RecordPlace): CorruptRecord {
  return { ...place, text: '', reason: `it holds trial ${key} of ${benchmark}, scale ${scale}` };
}

const RUNS_AGAIN = 'the trial runs again';

function notBelieved(where: string, reason: string, aside: string, what: string): string {
  return `Record ${where} is corrupt (${reason}): set aside as ${aside}; ${what}.`;
}

/** Takes lines out of the published files, with the lines that belong to them in the other file. */
async function takeOut(wrong: readonly CorruptRecord[], table: RecordTable, notice: Notice): Promise<void> {
  const { measured, runs } = publishedFiles(table);
  const asides = new Map<string, string>();
  for (const file of [measured, runs]) if (await exists(file)) asides.set(file, basename(await copyAside(file)));
  const lines = wrong.filter(({ line }) => line !== null);
  await removePublished(table, new Set(lines.flatMap(({ name }) => name ?? [])));
  for (const each of lines) notice(notBelieved(lineOf(each), each.reason, asides.get(each.file)!, RUNS_AGAIN));
}

/** Rewrites the published files without these trials, and without lines that are corrupt. */
export async function removePublished(table: RecordTable, names: ReadonlySet<string>): Promise<void> {
  const { trials, corrupt, spareRuns } = await readPublished(table, new Set(await workingNames(table)));
  const kept = [...trials].filter(([name]) => !names.has(name));
  if (kept.length === trials.size && corrupt.length === 0) return;
  const spare = new Map([...spareRuns].filter(([name]) => !names.has(name)));
  await writePublished(table, new Map(kept.map(([name, { lines }]) => [name, lines])), {
    removing: true,
    spareRuns: spare,
  });
}

/**
 * Takes records out of their table, published or not, and keeps each as `<name>.json.<suffix>` beside the working files.
 *
 * @returns the files that they are now
 */
export async function withdrawRecords(
  table: RecordTable,
  names: readonly string[],
  suffix: string,
): Promise<readonly string[]> {
  const { places } = await loadTable(table);
  const records = new Map([...places].map(([record, { name }]) => [name, record]));
  await makeFolder(workingFolder(table));
  for (const name of names) {
    const file = workingFile(table, name);
    const record = records.get(name);
    if (await exists(file)) await rename(file, `${file}.${suffix}`);
    else if (record) await writeJson(`${file}.${suffix}`, sealed(record));
  }
  await removePublished(table, new Set(names));
  return names.map((name) => `${workingFile(table, name)}.${suffix}`);
}
