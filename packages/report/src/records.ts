import { readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { brokenSeal, PrunebenchError, SCHEMA_VERSION, type TrialRecord, trialRecord } from '@prunebench/core';
import { FileError, fileError, readText } from '@prunebench/files';
import { z } from 'zod';

/** Records as they were found on disk. */
export interface LoadedRecords {
  /** Ordered by file name, so that everything computed from them is. */
  readonly records: readonly TrialRecord[];
  /** Where each record was read. */
  readonly files: ReadonlyMap<TrialRecord, string>;
  /** Files that are no record (cut short, not JSON, a field missing, changed after they were written); one line for each, naming the file and the field. */
  readonly corrupt: readonly { readonly file: string; readonly reason: string }[];
}

/**
 * Reads every `*.json` in the `records` folders at or below `dir` (a results folder, or that of one benchmark), where
 * the runner keeps them as `<results>/<benchmark>/records/<scale>/<name>.json`.
 *
 * `onCorrupt` says what becomes of a file that is no record: `report` leaves it and lists it, `set-aside` renames it to
 * `<file>.corrupt` and lists it (the trial is then computed again), `throw` stops.
 * Throws PrunebenchError for a record of another schema version, whatever `onCorrupt` says: it is sound, but not ours to read.
 * A folder that does not exist holds no records.
 */
export async function loadRecords(
  dir: string,
  { onCorrupt = 'throw' }: { onCorrupt?: 'report' | 'set-aside' | 'throw' } = {},
): Promise<LoadedRecords> {
  const files = new Map<TrialRecord, string>();
  const corrupt: { file: string; reason: string }[] = [];
  for (const file of await recordFilesBelow(dir)) {
    const read = await readRecord(file);
    if ('record' in read) {
      files.set(read.record, file);
      continue;
    }
    if (onCorrupt === 'throw') {
      throw new PrunebenchError(`${file} is not a trial record: ${read.reason}`, {
        remedy: 'Delete the file and run the benchmark again; only this trial is recomputed.',
      });
    }
    if (onCorrupt === 'set-aside') await rename(file, `${file}.corrupt`);
    corrupt.push({ file, reason: read.reason });
  }
  return { records: [...files.keys()], files, corrupt };
}

async function recordFilesBelow(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw fileError(error, dir);
  });
  const inRecords = (path: string) => path.split(/[\\/]/).includes('records');
  return entries
    .filter((entry) => entry.name.endsWith('.json') && inRecords(entry.parentPath))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** The record in a file, or why there is none: something else may stand there under its name. */
async function readRecord(file: string): Promise<{ record: TrialRecord } | { reason: string }> {
  try {
    return parseRecord(await readText(file), file);
  } catch (error) {
    if (error instanceof FileError && error.isInTheWay) return { reason: error.message };
    throw error;
  }
}

function parseRecord(text: string, file: string): { record: TrialRecord } | { reason: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { reason: (error as Error).message };
  }
  const schema = z.object({ schema: z.number() }).safeParse(value).data?.schema;
  if (schema !== undefined && schema !== SCHEMA_VERSION) {
    throw new PrunebenchError(
      `${file} has schema version ${schema}; this version of Prunebench reads ${SCHEMA_VERSION}.`,
      {
        remedy: 'Use another results folder (--results), or the version of Prunebench that wrote this one.',
      },
    );
  }
  const parsed = trialRecord.safeParse(value);
  if (parsed.success) {
    const reason = brokenSeal(value);
    return reason === undefined ? { record: parsed.data } : { reason };
  }
  const issue = parsed.error.issues[0]!;
  return { reason: `field ${issue.path.join('.') || '(root)'}: ${issue.message}` };
}
