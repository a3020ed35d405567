import { readTextIfThere } from '@prunebench/files';
import { nameIn } from './published-file.ts';
import { publishedFiles, type RecordTable, recordTables, workingNames } from './table.ts';

/** A trial of some table. */
export interface NamedTrial {
  readonly table: RecordTable;
  readonly name: string;
}

/** The trials of a results folder by name alone, published or not, without looking at what stands there. */
export async function trialNames(root: string): Promise<readonly NamedTrial[]> {
  const found: NamedTrial[] = [];
  for (const table of await recordTables(root)) {
    const text = (await readTextIfThere(publishedFiles(table).measured)) ?? '';
    const names = new Set([...(await workingNames(table)), ...text.split('\n').flatMap((line) => nameIn(line) ?? [])]);
    for (const name of [...names].sort()) found.push({ table, name });
  }
  return found;
}
