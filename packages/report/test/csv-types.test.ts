import { mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TrialRecord } from '@prunebench/core';
import test from 'ava';
import { parse } from 'csv-parse/sync';
import { renderLeaderboard, renderReport } from '../src/index.ts';
import { type Columns, readInPandas, readInR, readPlainly } from './csv-readers.ts';
import { keyOf, storedRecords, workplace } from './tiny-benchmark.ts';

const PUBLISHED = join(import.meta.dirname, '..', '..', '..', 'results');

const LOGICAL = /^(control|separated)$|_withheld$/;
/** Names, words and lists; everything else is a number. */
const TEXT =
  /^(holm_family|kind|dataset|network|series|granularity|method|first|second|note|holm_family|collapsed_layers|failures|commits|benchmark|scale|timing_range|speedup_baseline|side|commit|cpu|node|measured_at|peer|peer_layout|peer_form|mode|layer|what|name|format|operation|hook|backend|adapter|masks|architecture_mean_units|target|cell|comparison|table|table_state|ranked_by|backends|hosts|measured_on|paper|where_in_paper|paper_(dataset|network|method)|source|notes|published_(in|metric|at|confidence|epoch)(_\d+)?)$/;

/** Columns that are read as something else than they hold. */
function misread(columns: Columns): string[] {
  return columns.flatMap(([file, column, type]) => {
    const expected = LOGICAL.test(column) ? 'logical' : TEXT.test(column) ? type : 'numeric';
    return type === 'empty' || type === expected ? [] : [`${file}: ${column} is ${type}`];
  });
}

async function publishedFiles(): Promise<string[]> {
  const names = await readdir(PUBLISHED, { recursive: true });
  return names.filter((name) => name.endsWith('.csv')).map((name) => join(PUBLISHED, name));
}

/** The files of a small report whose names, reasons and numbers are as odd as records allow. */
async function oddFiles(): Promise<string[]> {
  const { source } = await workplace();
  const odd = 'a "b", c;\r\n= d\u001b[31m\te';
  const renamed = <T extends { series: string }>(one: T): T =>
    one.series === 'random' ? { ...one, series: odd } : one;
  const benchmark = { ...source.benchmark, trials: () => source.benchmark.trials('cpu').map(renamed) };
  const records = (await storedRecords()).map((record): TrialRecord => {
    const named = renamed(record);
    if (named.series !== odd || !named.measured) return { ...named, failure: named.failure && `${odd}, really` };
    return { ...named, measured: { ...named.measured, theoreticalSpeedup: Number.POSITIVE_INFINITY } };
  });
  const odds = { ...source, benchmark };
  const { files } = await renderReport(odds, { resultsDir: 'results', records, keyOf });
  const texts = new Map([...files, ...renderLeaderboard([odds], records, keyOf)]);
  const folder = await mkdtemp(join(tmpdir(), 'prunebench-csv-'));
  const written = [...texts].filter(([name]) => name.endsWith('.csv'));
  for (const [name, text] of written) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return written.map(([name]) => join(folder, name));
}

for (const [what, files] of [
  ['published', publishedFiles],
  ['odd', oddFiles],
] as const)
  for (const [reader, read] of [
    ['R', readInR],
    ['pandas', readInPandas],
    ['any reader', readPlainly],
  ] as const)
    test(`every column of the ${what} CSV files has its type in ${reader}`, async (t) => {
      const columns = await read(await files());
      if (columns === undefined) t.pass(`${reader} is not installed`);
      else {
        t.true(columns.length > 0);
        t.deepEqual(misread(columns), []);
      }
    });

test('days are written as ISO 8601 has them, and a column with a unit has no letters', async (t) => {
  for (const file of [...(await publishedFiles()), ...(await oddFiles())]) {
    const rows: Record<string, string>[] = parse(await readFile(file, 'utf8'), { columns: true });
    for (const row of rows)
      for (const [column, value] of Object.entries(row)) {
        if (column === 'measured_on') t.regex(value, /^\d{4}-\d\d-\d\d$/, file);
        if (/_(percent|examples|epochs|seeds|parameters|bytes|seconds|ratio)$/.test(column))
          t.regex(value, /^$|^-?\d/, `${file}: ${column}`);
      }
  }
});
