import { basename, join } from 'node:path';
import {
  brokenSeal,
  contentHash,
  PrunebenchError,
  SCHEMA_VERSION,
  sealed,
  type TrialRecord,
  trialRecord,
} from '@prunebench/core';
import type { z } from 'zod';
import { makeFolder, readTextIfThere, setAside, writeJson } from './files.ts';

/** Says in one line that a file could not be believed and what became of it. */
export type Notice = (line: string) => void;

/** Hash of what must not depend on how a trial was run: what was asked for, what was measured, why it failed. */
export function recordDigest(record: TrialRecord): string {
  const { spec, measured, failure } = record;
  return contentHash({ spec, measured, failure });
}

/**
 * Seals a record and writes it to its place, atomically.
 *
 * @throws PrunebenchError naming the first field that a record cannot hold
 */
export async function writeRecord(folder: string, name: string, record: TrialRecord): Promise<void> {
  const path = join(folder, `${name}.json`);
  const { data, error } = trialRecord.safeParse(record);
  if (error)
    throw new PrunebenchError(`Record ${path} cannot be written: ${fieldAtFault(error)}.`, {
      remedy: 'A method, a kind of step or a dataset has given a wrong value: correct it where it is made.',
    });
  await makeFolder(folder);
  await writeJson(path, sealed(data));
}

/**
 * The record called `name`, or undefined when there is none. One that cannot be read, that was changed after it was written, or
 * that says it is another trial's, is set aside.
 *
 * @throws PrunebenchError for a record of another schema version, which is sound, but not ours to read; and for what is no file
 */
export async function readRecord(
  folder: string,
  name: string,
  key: string,
  notice: Notice,
): Promise<TrialRecord | undefined> {
  const path = join(folder, `${name}.json`);
  const text = await readTextIfThere(path);
  if (text === undefined) return undefined;
  const record = parse(text, path);
  if (typeof record !== 'string' && record.key === key) return record;
  const reason = typeof record === 'string' ? record : `it holds trial ${record.key}`;
  const moved = await setAside(path);
  notice(`Record ${path} is corrupt (${reason}): set aside as ${basename(moved)}; the trial runs again.`);
  return undefined;
}

/** The record, or why the text is none. */
function parse(text: string, path: string): TrialRecord | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'not valid JSON';
  }
  const version = (value as { schema?: unknown } | null)?.schema;
  if (typeof version === 'number' && version !== SCHEMA_VERSION)
    throw new PrunebenchError(
      `${path} has schema version ${version}; this version of Prunebench reads ${SCHEMA_VERSION}.`,
      {
        remedy: 'Choose another folder with --results, or use the version of Prunebench that wrote this one.',
      },
    );
  const result = trialRecord.safeParse(value);
  if (result.success) return brokenSeal(value) ?? result.data;
  return fieldAtFault(result.error);
}

function fieldAtFault({ issues: [issue] }: z.ZodError): string {
  return `field "${issue.path.join('.')}": ${issue.message}`;
}
