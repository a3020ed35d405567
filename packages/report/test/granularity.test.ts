import { join } from 'node:path';
import { PrunebenchError, type TrialRecord } from '@prunebench/core';
import test from 'ava';
import { parse } from 'csv-parse/sync';
import { renderLeaderboard, renderReport, shown, summarise } from '../src/index.ts';
import { storedRecords, tiny } from './tiny-benchmark.ts';

type Row = Record<string, string>;

/** The stored records, where the series "uniform" removes whole units: asked for the same share, a third of the weights went. */
async function mixed(saysSo = true): Promise<TrialRecord[]> {
  return (await storedRecords()).map((record): TrialRecord => {
    const { series, spec, measured } = record;
    if (series !== 'uniform' || !measured) return record;
    return {
      ...record,
      spec: { ...spec, options: { ...spec.options, ...(saysSo ? { granularity: 'unit' } : {}) } },
      measured: { ...measured, sparsity: { ...measured.sparsity, achieved: 0.36 } },
    };
  });
}

const benchmark = { ...tiny, published: [] };
const report = async (records: readonly TrialRecord[]) =>
  renderReport({ benchmark, published: [] }, { resultsDir: 'results', records });

test('a share of units and the same share of weights do not stand in one table, nor are they compared', async (t) => {
  const records = await mixed();
  const { networks } = summarise(records, tiny.trials('cpu'));
  t.deepEqual(
    networks.map(({ granularity, series }) => [granularity, ...series.map(({ name }) => name)]),
    [
      ['weight', 'global', 'random'],
      ['unit', 'uniform'],
    ],
  );
  const pairs = networks.flatMap((network) => shown(network).tests).flatMap(({ first, second }) => [first, second]);
  t.false(pairs.includes('uniform'));
  const { markdown } = (await report(records)).tables[0]!;
  const [weights, units] = markdown.split('**MLP on MNIST, whole units removed:');
  t.notRegex(weights!, /^\| uniform/m);
  t.regex(units!, /^\| uniform/m);
  t.regex(units!, /What was asked for is a share of units/);
});

test('the CSV files say what a sparsity is a share of, where it is not weights everywhere', async (t) => {
  const records = await mixed();
  const { files } = await report(records);
  const source = { benchmark, published: [] };
  const leaderboard = renderLeaderboard([source], records).get('leaderboard.csv')!;
  for (const text of [files.get(join('results', 'tiny', 'table-cpu.csv'))!, leaderboard]) {
    const rows: Row[] = parse(text, { columns: true });
    t.is(rows.find(({ series }) => series === 'uniform')!.granularity, 'unit');
    t.is(rows.find(({ series }) => series === 'global')!.granularity, 'weight');
  }
  const plain = (await report(await storedRecords())).files.get(join('results', 'tiny', 'table-cpu.csv'))!;
  t.false(plain.includes('granularity'));
});

test('a cell whose networks lost another share than was asked for says which', async (t) => {
  const { markdown } = (await report(await mixed(false))).tables[0]!;
  const line = markdown.split('\n').find((each) => each.startsWith('| uniform'))!;
  t.is((line.match(/ at 36 %/g) ?? []).length, 2);
  t.regex(markdown, /\*At\*: the share of the weights that was really removed/);
  t.notRegex((await report(await storedRecords())).tables[0]!.markdown, /\*At\*/);
});

test('a report of a benchmark that declares two trials for one cell is refused', async (t) => {
  const twice = {
    ...benchmark,
    trials: () => {
      const trials = tiny.trials('cpu');
      return [...trials, { ...trials[0]!, pretrain: { epochs: 2, learningRate: 0.2 } }];
    },
  };
  const records = await storedRecords();
  const error = await t.throwsAsync(
    renderReport({ benchmark: twice, published: [] }, { resultsDir: 'results', records }),
    { instanceOf: PrunebenchError },
  );
  t.regex(error.message, /Series "global" has two trials at sparsity 0\.9 of mlp on mnist, which differ in pretrain/);
});

test('a benchmark that was never run keeps no other one from its tables, however it is declared', async (t) => {
  const broken = { ...benchmark, id: 'broken', trials: () => [...tiny.trials('cpu'), ...tiny.trials('cpu')] };
  const records = await storedRecords();
  const { tables } = await renderReport({ benchmark: broken, published: [] }, { resultsDir: 'results', records: [] });
  t.deepEqual(tables, []);
  const source = { benchmark, published: [] };
  const alone = renderLeaderboard([source], records);
  t.deepEqual(renderLeaderboard([source, { benchmark: broken, published: [] }], records), alone);
});
