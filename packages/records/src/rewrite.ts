import { rm } from 'node:fs/promises';
import type { TrialRecord } from '@prunebench/core';
import { loadRecords } from './load.ts';
import { removePublished } from './set-aside.ts';
import { type RecordPlace, workingFile } from './table.ts';
import { writeRecord } from './working.ts';

/**
 * Gives records a new content, and a new name where their key changes; they are working files then, until they are published.
 * Everything is looked through before the first is written.
 *
 * @param change the new record, or undefined where the old one stays
 * @returns how many were changed
 * @throws PrunebenchError for what is no record, and what `change` throws
 */
export async function rewriteRecords(
  root: string,
  change: (record: TrialRecord, place: RecordPlace) => TrialRecord | undefined,
): Promise<number> {
  const { places } = await loadRecords(root);
  const changed = [...places].flatMap(([record, place]) => {
    const next = change(record, place);
    return next ? [{ place, next, name: place.name.replace(record.key, next.key) }] : [];
  });
  for (const { place, next, name } of changed) await writeRecord(place.table, name, next);
  const renamed = changed.filter(({ place, name }) => name !== place.name);
  for (const { place } of renamed) await rm(workingFile(place.table, place.name), { force: true });
  for (const table of new Set(renamed.map(({ place }) => place.table))) {
    const ofTable = renamed.filter(({ place }) => place.table === table);
    await removePublished(table, new Set(ofTable.map(({ place }) => place.name)));
  }
  return changed.length;
}
