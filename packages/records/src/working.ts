/** The working form: a file for each trial, written when it ends, so that runs may be killed at any moment. */
import { PrunebenchError, sealed, type TrialRecord, trialRecord } from '@prunebench/core';
import { FileError, makeFolder, readTextIfThere, writeJson } from '@prunebench/files';
import { fieldAtFault, type Parsed, parseSealed } from './parse.ts';
import { type RecordTable, workingFile, workingFolder } from './table.ts';

/**
 * Seals a record and writes it to its working file, atomically. It takes the place of a published record of the same name.
 *
 * @throws PrunebenchError naming the first field that a record cannot hold
 */
export async function writeRecord(table: RecordTable, name: string, record: TrialRecord): Promise<void> {
  const path = workingFile(table, name);
  const { data, error } = trialRecord.safeParse(record);
  if (error)
    throw new PrunebenchError(`Record ${path} cannot be written: ${fieldAtFault(error)}.`, {
      remedy: 'A method, a kind of step or a dataset has given a wrong value: correct it where it is made.',
    });
  await makeFolder(workingFolder(table));
  await writeJson(path, sealed(data));
}

/**
 * What a working file holds; undefined where there is none any more. Something else in the place of a file is no record.
 *
 * @throws PrunebenchError for a record of another schema version
 */
export async function readWorking(table: RecordTable, name: string): Promise<Parsed<TrialRecord> | undefined> {
  const path = workingFile(table, name);
  try {
    const text = await readTextIfThere(path);
    return text === undefined ? undefined : parseSealed(text, trialRecord, path);
  } catch (error) {
    if (error instanceof FileError && error.isInTheWay) return { reason: error.message };
    throw error;
  }
}

/** Whether a record may be published under this name: it says itself that it belongs there. */
export function isInPlace({ benchmark, scale, key }: TrialRecord, table: RecordTable, name: string): boolean {
  return benchmark === table.benchmark && scale === table.scale && (name === key || name.startsWith(`${key}-`));
}
