/** What a run has computed, for comparison. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadTable, recordDigest, recordTable } from '@prunebench/records';
import { parse } from 'csv-parse/sync';
import type { Subject } from './command.ts';

/** A digest of each record, and the text of each table and picture, by name. */
export type Computed = ReadonlyMap<string, string>;

/** What a results folder holds, but for seconds and other times. */
export async function computedIn({ benchmark }: Subject, results: string): Promise<Computed> {
  const { places, corrupt } = await loadTable(recordTable(results, benchmark, 'smoke'));
  if (corrupt.length > 0) throw new Error(corrupt.map(({ file, reason }) => `${file}: ${reason}`).join('\n'));
  const records = [...places].map(([record, { name }]) => [`record ${name}`, recordDigest(record)] as const);
  const names = ['measured-smoke.jsonl', 'table-smoke.csv', 'comparisons-smoke.csv', 'accuracy-smoke.svg'];
  const paths = [...names.map((name) => join(benchmark, name)), 'leaderboard.csv', 'leaderboard-published.csv'];
  const files = paths.map(async (path) => {
    const content = await readFile(join(results, path), 'utf8').catch(() => undefined);
    return content === undefined ? [] : [[path, path.endsWith('.csv') ? withoutTimes(content) : content] as const];
  });
  return new Map([...records, ...(await Promise.all(files)).flat()]);
}

/** The columns of a table that do not tell of time. */
function withoutTimes(csv: string): string {
  const [head, ...rows]: string[][] = parse(csv);
  const kept = [...head.keys()].filter((at) => !/seconds|speedup|timed|timing/.test(head[at]));
  return JSON.stringify([head, ...rows].map((row) => kept.map((at) => row[at])));
}

/** A line for everything that is another, missing, or there in vain. */
export function differencesFrom(expected: Computed, found: Computed): readonly string[] {
  const names = [...new Set([...expected.keys(), ...found.keys()])];
  const different = names.filter((name) => expected.get(name) !== found.get(name));
  return different.map((name) => `${name} is ${found.has(name) ? 'another' : 'missing'}`);
}
