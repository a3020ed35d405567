import { join } from 'node:path';
import { loadRecords } from '@prunebench/records';
import test from 'ava';
import { changedValues } from '../src/changed-values.ts';
import { describeDifference, verifyResults, writeLeaderboard, writeReport } from '../src/index.ts';
import { edit, keyOf, workplace } from './tiny-benchmark.ts';

/** What verify says after one edit of a results folder that verified. */
async function saidAfter(change: (place: { resultsDir: string; readme: string }) => Promise<void>): Promise<string[]> {
  const { resultsDir, readme, source } = await workplace();
  const { records } = await loadRecords(resultsDir);
  await writeReport(source, { resultsDir, records, keyOf });
  await writeLeaderboard([source], { resultsDir, keyOf });
  await change({ resultsDir, readme });
  const differences = await verifyResults([source], { resultsDir, keyOf });
  return differences.flatMap((difference) => describeDifference(difference).slice(1));
}

test('a changed digit of a table is named with row, column and both values', async (t) => {
  t.deepEqual(
    await saidAfter(({ resultsDir }) => edit(join(resultsDir, 'tiny', 'table-cpu.csv'), '2.6167', '2.6067')),
    [
      '  row:              measured, mnist, mlp, uniform, 90',
      '  column:           test_error_mean_percent',
      '  from the records: 2.6167',
      '  in the file:      2.6067',
    ],
  );
});

test('in a README the table is named by what stands above it, the column by its head', async (t) => {
  const said = await saidAfter(({ readme }) => edit(readme, '2.62 ±', '2.52 ±'));
  t.is(said.length, 5);
  t.regex(said[0]!, /^ {2}table: +MLP on MNIST: test error/);
  t.regex(said[1]!, /^ {2}row: +uniform$/);
  t.is(said[2], '  column:           90 %');
  t.regex(said[3]!, /from the records: \**2\.62 ±/);
  t.regex(said[4]!, /in the file: +\**2\.52 ±/);
});

test("the leaderboard's row is its cell, and a value that was taken away is nothing", async (t) => {
  const file = (resultsDir: string) => join(resultsDir, 'leaderboard.csv');
  const said = await saidAfter(({ resultsDir }) => edit(file(resultsDir), ',97.3833,', ',,'));
  t.deepEqual(said, [
    '  row:              tiny | mnist | mlp | uniform | sparsity 90',
    '  column:           test_accuracy_mean_percent',
    '  from the records: 97.3833',
    '  in the file:      (nothing)',
  ]);
});

test('a plot, which is one long line, is shown around the difference', async (t) => {
  const said = await saidAfter(({ resultsDir }) =>
    edit(join(resultsDir, 'tiny', 'accuracy-cpu.svg'), 'font-size="', 'font-size="9'),
  );
  t.is(said.length, 2);
  t.true(said.every((line) => line.length < 200));
  t.regex(said[1]!, /…/);
});

test('quoted commas and bars belong to their values; a row of another shape has none', (t) => {
  const head = 'dataset,network,series,accuracy';
  const csv = (line: string) => [head, line];
  t.deepEqual(changedValues('x.csv', csv('mnist,mlp,"a, b",1'), csv('mnist,mlp,"a, b",2'), 1), [
    { table: null, row: 'mnist, mlp, a, b', column: 'accuracy', expected: '1', found: '2' },
  ]);
  t.deepEqual(changedValues('x.csv', csv('mnist,mlp,a,1'), csv('mnist,mlp,1'), 1), []);
  t.deepEqual(changedValues('x.csv', csv('mnist,mlp,a,1'), csv('mnist,mlp,"a,1'), 1), []);
  const table = (row: string) => ['## `A`', '', '| | x |', '| - | - |', row];
  t.deepEqual(changedValues('x.md', table('| a \\| b | 1 |'), table('| a \\| b |  2 |'), 4), [
    { table: 'A', row: 'a \\| b', column: 'x', expected: '1', found: '2' },
  ]);
  t.deepEqual(changedValues('x.md', ['text'], ['Text'], 0), []);
});
