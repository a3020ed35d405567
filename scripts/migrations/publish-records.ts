/**
 * Records of one file per trial become the published form: two sorted files of JSON Lines for each table and scale.
 *
 *     node scripts/migrations/publish-records.ts <results folder>
 *
 * No number is touched: every record that was read before is read afterwards, which is checked. Run again, it publishes the files that have
 * come since, and without any it changes nothing. `prunebench report` and `run` do the same for the tables that they write.
 */
import { canonicalJson, PrunebenchError } from '@prunebench/core';
import { foldRecords, loadRecords } from '@prunebench/records';
import { withResults } from '@prunebench/runner';

/**
 * Publishes every record below `results`, and says how many were in files of their own.
 *
 * @throws PrunebenchError for what is no record, before anything is written; and where a record would not be read as it was
 */
export async function publishRecords(results: string): Promise<number> {
  const before = (await loadRecords(results)).records.map(canonicalJson);
  const { folded, left } = await foldRecords(results);
  const after = (await loadRecords(results)).records.map(canonicalJson);
  if (left > 0 || before.length !== after.length || before.some((text, i) => text !== after[i]))
    throw new PrunebenchError(`Not every record of ${results} is published as it was: ${left} files are left.`, {
      remedy: 'prunebench verify names records that are not in their place. Nothing is lost: Git has the files.',
    });
  return folded;
}

if (import.meta.main) {
  const [, , results] = process.argv;
  if (!results) throw new Error('usage: node scripts/migrations/publish-records.ts <results folder>');
  const published = await withResults(results, ({ root }) => publishRecords(root));
  console.log(`${published} records are published that were files of their own.`);
}
