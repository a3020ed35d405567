import { mkdir, readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { contentHash, type TrialRecord, trialRecord } from '@prunebench/core';
import { setAside, writeJson } from './files.ts';

/** Says in one line that a file could not be believed and what became of it. */
export type Notice = (line: string) => void;

/** Hash of what must not depend on how a trial was run: what was asked for, what was measured, why it failed. */
export function recordDigest(record: TrialRecord): string {
  const { spec, measured, failure } = record;
  return contentHash({ spec, measured, failure });
}

/** Writes a record to its place, atomically. */
export async function writeRecord(folder: string, name: string, record: TrialRecord): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeJson(join(folder, `${name}.json`), trialRecord.parse(record));
}

/**
 * The record called `name`, or undefined when there is none. One that cannot be read, or that says it is another
 * trial's, is set aside.
 */
export async function readRecord(
  folder: string,
  name: string,
  key: string,
  notice: Notice,
): Promise<TrialRecord | undefined> {
  const path = join(folder, `${name}.json`);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const record = parse(text);
  if (typeof record !== 'string' && record.key === key) return record;
  const reason = typeof record === 'string' ? record : `it holds trial ${record.key}`;
  const moved = await setAside(path);
  notice(`Record ${path} is corrupt (${reason}): set aside as ${basename(moved)}; the trial runs again.`);
  return undefined;
}

/** All records of a folder in the order of their names, skipping those that cannot be read with a notice each. */
export async function readRecords(folder: string, notice: Notice): Promise<readonly TrialRecord[]> {
  const names = await readdir(folder).catch(() => []);
  const records: TrialRecord[] = [];
  for (const name of names.filter((file) => file.endsWith('.json')).sort()) {
    const record = parse(await readFile(join(folder, name), 'utf8'));
    if (typeof record === 'string') notice(`Record ${join(folder, name)} is corrupt (${record}) and left out.`);
    else records.push(record);
  }
  return records;
}

/** The record, or why the text is none. */
function parse(text: string): TrialRecord | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'not valid JSON';
  }
  const result = trialRecord.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  return `field "${issue.path.join('.')}": ${issue.message}`;
}
