/**
 * Adds to every record that has none the digest of its content, by which a later change of its numbers is noticed.
 *
 *     node scripts/seal-records.ts [results folder]
 */
import { glob, readFile, rename, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brokenSeal, PrunebenchError, sealed, trialRecord } from '@prunebench/core';

/** What became of the records of a folder. */
export interface Sealed {
  readonly added: number;
  /** Had a digest that fits. */
  readonly before: number;
}

/**
 * Seals the records below `results` that carry no digest, each as it stands.
 *
 * @throws PrunebenchError for a file that is no record, or whose content does not match the digest it has; those before it are sealed
 */
export async function sealRecords(results: string): Promise<Sealed> {
  let added = 0;
  let before = 0;
  for await (const path of glob('*/records/*/*.json', { cwd: results })) {
    const file = join(results, path);
    const record = await readRecord(file);
    if ('digest' in record) before++;
    else {
      await writeFile(`${file}.tmp`, `${JSON.stringify(sealed(record), null, 2)}\n`);
      await rename(`${file}.tmp`, file);
      added++;
    }
  }
  return { added, before };
}

async function readRecord(file: string): Promise<object> {
  const fault = (reason: string) =>
    new PrunebenchError(`${file}: ${reason}.`, { remedy: 'Delete it and run its benchmark again.' });
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw fault((error as Error).message);
  }
  if (!trialRecord.safeParse(value).success) throw fault('it is no trial record of this version');
  const broken = brokenSeal(value);
  if (broken !== undefined) throw fault(broken);
  return value as object;
}

if (import.meta.main) {
  const folder = process.argv[2] ?? fileURLToPath(new URL('../results', import.meta.url));
  const { added, before } = await sealRecords(resolve(folder));
  console.log(`${added} records sealed, ${before} were before.`);
}
