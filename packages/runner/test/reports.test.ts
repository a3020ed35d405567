import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineBenchmark } from '@prunebench/core';
import test from 'ava';
import { loadRegistry } from '../src/registry.ts';
import { writeReports } from '../src/results/report-sources.ts';
import { openResults } from '../src/results/results-folder.ts';

test('several benchmarks are reported from one reading: what is corrupt is named once, the leaderboard written once', async (t) => {
  const folder = await openResults(await mkdtemp(join(tmpdir(), 'prunebench-reports-')));
  const registry = await loadRegistry([]);
  const entries = ['one', 'two', 'three'].map((id) => ({
    id,
    load: async () =>
      defineBenchmark({
        id,
        title: id,
        question: 'Is it read once?',
        seeds: { smoke: 1, cpu: 3, paper: 3 },
        trials: () => [],
        published: [],
      }),
  }));
  const records = join(folder.root, 'two', 'records', 'cpu');
  await mkdir(records, { recursive: true });
  await writeFile(join(records, `${'a'.repeat(32)}.json`), '{');
  const heard: string[] = [];
  const { reports, leaderboard, corrupt } = await writeReports(
    entries,
    { ...registry, benchmarks: new Map(entries.map((entry) => [entry.id, entry])) },
    folder,
    { notice: (line) => heard.push(line), written: ({ benchmark }) => heard.push(benchmark) },
  );
  t.is(heard.length, 4);
  t.regex(heard[0]!, /^Record .*a{32}\.json is corrupt/);
  t.deepEqual(heard.slice(1), ['one', 'two', 'three']);
  t.deepEqual(
    reports.map(({ benchmark }) => benchmark),
    ['one', 'two', 'three'],
  );
  t.is(corrupt, 1);
  t.deepEqual(
    leaderboard.map((file) => file.slice(folder.root.length + 1)),
    ['leaderboard.csv', 'leaderboard-published.csv'],
  );
  for (const file of leaderboard) t.regex(await readFile(file, 'utf8'), /^schema,[^\n]*\n$/);
});
