/**
 * Adds to every record that has none the digest of its content, by which a later change of its numbers is noticed. Published lines always
 * have one; what may lack it are working files of earlier versions.
 *
 *     node scripts/seal-records.ts [results folder]
 */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadRecords, rewriteRecords } from '@prunebench/records';
import { withResults } from '@prunebench/runner';

/** What became of the records of a folder. */
export interface Sealed {
  readonly added: number;
  /** Had a digest that fits. */
  readonly before: number;
}

/**
 * Seals the records below `results` that carry no digest, each as it stands.
 *
 * @throws PrunebenchError for a file that is no record, or whose content does not match the digest it has; nothing is sealed then
 */
export async function sealRecords(results: string): Promise<Sealed> {
  const { records } = await loadRecords(results);
  const added = await rewriteRecords(results, (record, { sealed }) => (sealed ? undefined : record));
  return { added, before: records.length - added };
}

if (import.meta.main) {
  const folder = process.argv[2] ?? fileURLToPath(new URL('../results', import.meta.url));
  const { added, before } = await withResults(resolve(folder), ({ root }) => sealRecords(root));
  console.log(`${added} records sealed, ${before} were before.`);
}
