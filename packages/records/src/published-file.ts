/** One of the two published files of a table, line by line. */
import { PrunebenchError } from '@prunebench/core';
import { readTextIfThere } from '@prunebench/files';
import type { z } from 'zod';
import { parseSealed } from './parse.ts';

/** A line that can be believed. */
export interface Line<T> {
  readonly name: string;
  /** 1 for the first. */
  readonly line: number;
  readonly text: string;
  readonly value: T;
}

/** A line that cannot. */
export interface CorruptLine {
  readonly file: string;
  readonly line: number;
  readonly text: string;
  /** The trial's name, as far as it can be made out. */
  readonly name: string | undefined;
  readonly reason: string;
}

export interface PublishedFile<T> {
  readonly file: string;
  readonly lines: ReadonlyMap<string, Line<T>>;
  readonly corrupt: readonly CorruptLine[];
  /** The first line that does not stand behind all names before it; undefined where the file is sorted. */
  readonly unsorted: number | undefined;
}

/** What Git writes where it could not merge. */
const CONFLICT = /^(?:<{7}|\|{7}|={7}|>{7})(?: |$)/;
/** How a line begins, also one that is cut short. */
const BEGINNING = /^\{"key":"([^"]+)"(?:,"name":"([^"]+)")?/;

/**
 * Reads a published file; one that is not there has no lines.
 *
 * @throws PrunebenchError for what no line may be believed in: a conflict of a merge, two lines of one trial, another schema version
 */
export async function readPublishedFile<T extends { readonly key: string; readonly name?: string | undefined }>(
  file: string,
  schema: z.ZodType<T>,
): Promise<PublishedFile<T>> {
  const lines = new Map<string, Line<T>>();
  const corrupt: CorruptLine[] = [];
  let unsorted: number | undefined;
  let last = '';
  for (const [index, text] of (await textLines(file)).entries()) {
    const line = index + 1;
    if (CONFLICT.test(text)) throw conflict(file, line);
    const parsed = parseSealed(text, schema, `${file}:${line}`);
    if ('reason' in parsed) {
      corrupt.push({ file, line, text, name: nameIn(text), reason: parsed.reason });
      continue;
    }
    const { value } = parsed;
    const name = value.name ?? value.key;
    const other = lines.get(name);
    if (other) throw twice(file, other.line, line, name);
    lines.set(name, { name, line, text, value });
    if (name < last) unsorted ??= line;
    last = name;
  }
  return { file, lines, corrupt, unsorted };
}

async function textLines(file: string): Promise<readonly string[]> {
  const lines = (await readTextIfThere(file))?.split(/\r?\n/) ?? [];
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** The name of a line's trial, as far as it can be made out without believing the line. */
export function nameIn(text: string): string | undefined {
  const [, key, name] = BEGINNING.exec(text) ?? [];
  return name ?? key;
}

function conflict(file: string, line: number): PrunebenchError {
  return new PrunebenchError(`${file}:${line}: Git could not merge this file, and its marks are still in it.`, {
    remedy:
      'Keep the lines of one side for each trial, the same side in measured-*.jsonl and runs-*.jsonl, delete the marks (<<<<<<<, =======, >>>>>>>), and run ./prunebench verify.',
  });
}

function twice(file: string, first: number, second: number, name: string): PrunebenchError {
  return new PrunebenchError(`${file}:${second}: trial ${name} is there twice, first in line ${first}.`, {
    remedy:
      'Delete one of the two lines, the same one in measured-*.jsonl and runs-*.jsonl (a line of runs names the digest of its measurements in "of"), and run ./prunebench verify.',
  });
}
