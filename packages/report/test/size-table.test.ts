import { join } from 'node:path';
import type { Benchmark } from '@prunebench/core';
import test from 'ava';
import { parse } from 'csv-parse/sync';
import { type PublishedRow, renderLeaderboard, renderReport } from '../src/index.ts';
import { printedSize, sizePlace } from '../src/tables/size-place.ts';
import { described } from './described.ts';
import { storedRecords, tiny } from './tiny-benchmark.ts';

/** The tiny table at its first sparsity, its methods now deciding how far they go. */
const sized: Benchmark = {
  ...tiny,
  measure: 'size',
  validationName: 'training set',
  trials: (scale) => tiny.trials(scale).filter(({ sparsity }) => sparsity === 0.9),
  published: [
    { network: 'mlp', series: 'global', where: { method: 'surgeon' } },
    { network: 'mlp', series: 'dense', where: { method: 'reference' } },
  ],
};

const published = [
  ['surgeon', 'number of weights (incl. biases)', '14'],
  ['surgeon', 'train accuracy %', '99.5'],
  ['surgeon', 'weight reduction %', '76'],
  ['reference', 'number of weights (incl. biases)', '58'],
].map(
  ([method, metric, value]) =>
    ({
      table_id: 'P',
      paper: 'Ada & Bell',
      year: 1993,
      where_in_paper: 'Table 1',
      dataset: 'MNIST',
      network: 'mlp',
      method,
      sparsity_percent_or_compression: '',
      metric,
      value,
      plus_minus: '',
      notes: '',
      confidence: method === 'surgeon' ? 'recalled' : 'verified',
      source: '',
    }) as PublishedRow,
);

/** Parameters left, seed by seed. */
const left: Readonly<Record<string, readonly number[]>> = {
  global: [20, 21, 25],
  uniform: [30, 33, 36],
  random: [40, 43, 46],
};

async function sizedRecords(sizes = left) {
  const records = (await storedRecords()).filter(({ spec }) => spec.sparsity === 0.9);
  const { measured: any } = records.find(({ measured }) => measured !== null)!;
  return records.map((record) => ({
    ...record,
    failure: null,
    measured: {
      ...(record.measured ?? any!),
      parameters: { total: 58, remaining: sizes[record.series]![record.spec.seed]! },
    },
  }));
}

const source = { benchmark: sized, published };

async function rendered(sizes = left) {
  return renderReport(source, { resultsDir: 'results', records: await sizedRecords(sizes) });
}

const cellsOf = (markdown: string, start: string) =>
  markdown
    .split('\n')
    .find((line) => line.startsWith(`| ${start}`))!
    .split('|')
    .slice(2, -1)
    .map((cell) => cell.trim());

test('a size table shows what is left, the fewest, and accuracies; published sizes stand below their series', async (t) => {
  const { markdown } = (await rendered()).tables[0]!;
  t.deepEqual(cellsOf(markdown, ' '), ['parameters left', 'fewest', 'weights left', 'training set, %', 'test, %']);
  // Mean 22, standard deviation sqrt(7), t(0.975, 2) = 4.302653.
  t.is(cellsOf(markdown, 'global')[0], `**22.0 ± ${((4.302653 * Math.sqrt(7)) / Math.sqrt(3)).toFixed(1)}**`);
  t.is(cellsOf(markdown, 'global')[1], '20');
  t.is(cellsOf(markdown, 'dense')[0], '58');
  t.deepEqual(cellsOf(markdown, '*Ada & Bell 1993, Table 1 (surgeon)*'), ['*14†*', '', '', '*99.5†*', '']);
  t.is(cellsOf(markdown, '*Ada & Bell 1993, Table 1 (reference)*')[0], '*58*');
  t.regex(markdown, /Also published:\n\n- Ada & Bell 1993, Table 1 \(surgeon\), beside global: weight reduction %: 76/);
});

test('the smaller network is the better one, in the sentences and in the comparisons', async (t) => {
  const { files, tables } = await rendered();
  // Differences -10, -12, -11: t = -11 / (1 / sqrt 3), and P(|T| > t) = 1 - t / sqrt(2 + t²) on two degrees of freedom.
  const p = 1 - (11 * Math.sqrt(3)) / Math.sqrt(2 + 3 * 121);
  t.regex(
    tables[0]!.markdown,
    /- global leaves 11 fewer parameters of MLP \(MNIST\) than uniform on average: .*p <= 0\.0055\./,
  );
  // Holm: the least of the three p-values stands three times, the next one, this, twice.
  const rows: Record<string, string>[] = parse(files.get(join('results', 'tiny', 'comparisons-cpu.csv'))!, {
    columns: true,
  });
  const pair = rows.find(({ first, second }) => first === 'global' && second === 'uniform')!;
  t.is(pair.remaining_difference_mean_parameters, '-11.0000');
  t.true(Math.abs(Number(pair.paired_t_p) - p) < 1e-6);
});

test('a difference that is the same in every seed is stated with its sign test, in favour of the smaller', async (t) => {
  const { markdown } = (await rendered({ ...left, uniform: [17, 18, 22] })).tables[0]!;
  t.regex(
    markdown,
    /- uniform leaves 3 fewer parameters of MLP \(MNIST\) than global in every one of 3 seeds: exact sign test .* p >= 0\.25\./,
  );
});

test('equal sizes and too few seeds are said to be that', async (t) => {
  t.regex((await rendered({ ...left, uniform: left.global! })).tables[0]!.markdown, /leave equally many parameters/);
  const records = (await sizedRecords()).filter(({ spec }) => spec.seed === 0);
  const { tables } = await renderReport({ benchmark: sized, published }, { resultsDir: 'results', records });
  t.regex(tables[0]!.markdown, /Too few seeds/);
});

test('the CSV has the sizes with their interval, dense network included', async (t) => {
  const { files } = await rendered();
  const rows: Record<string, string>[] = parse(files.get(join('results', 'tiny', 'table-cpu.csv'))!, { columns: true });
  const row = (series: string) => rows.find((each) => each.series === series && each.kind !== 'published')!;
  t.is(row('uniform').remaining_mean_parameters, '33.0000');
  t.is(row('uniform').remaining_sd_parameters, '3.0000');
  t.is(row('uniform').fewest_remaining_parameters, '30');
  t.is(row('dense').remaining_mean_parameters, '58');
});

test('one plot: a disc for every size, the published one as a cross; no accuracy over compression', async (t) => {
  const sizes = { ...left, random: [40, 40, 46] };
  const { files } = await rendered(sizes);
  t.deepEqual(
    [...files.keys()].map((file) => file.split('/').at(-1)),
    ['table-cpu.csv', 'comparisons-cpu.csv', 'size-cpu.svg'],
  );
  const svg = files.get(join('results', 'tiny', 'size-cpu.svg'))!;
  const svgs = await described(source, { resultsDir: 'results', records: await sizedRecords(sizes) });
  const discs = svgs.get('size')!.match(/aria-roledescription="circle"/g) ?? [];
  t.is(discs.length, 3 + 3 + 2);
  t.true(svg.includes('Ada &amp; Bell 1993, Table 1 †'));
  t.false(/NaN|Infinity|undefined/.test(svg));
});

test('the leaderboard ranks sizes by the parameters left, and has the published size at the point of its series', async (t) => {
  const files = renderLeaderboard([{ benchmark: sized, published }], await sizedRecords());
  const rows: Record<string, string>[] = parse(files.get('leaderboard.csv')!, { columns: true });
  t.deepEqual(
    rows.map((row) => [row.series, row.table, row.ranked_by, row.rank, row.remaining_parameters_mean]),
    [
      ['dense', 'size', '', '', '58'],
      ['global', 'size', 'remaining_parameters', '1', '22'],
      // Ten parameters apart in every seed: three signs separate nothing.
      ['uniform', 'size', 'remaining_parameters', '2', '33'],
      ['random', 'size', 'remaining_parameters', '2', '43'],
    ],
  );
  const values: Record<string, string>[] = parse(files.get('leaderboard-published.csv')!, { columns: true });
  t.deepEqual(
    values.map((row) => [row.published_metric, row.published_remaining_parameters, row.cell]),
    [
      ['number of weights (incl. biases)', '14', rows[1]!.cell],
      ['train accuracy %', '', rows[1]!.cell],
      ['weight reduction %', '', rows[1]!.cell],
      ['number of weights (incl. biases)', '58', rows[0]!.cell],
    ],
  );
});

test('a published compression of the weights and a test error have their columns, the error as an accuracy', (t) => {
  const value = (metric: string, text: string, error: number | null, recalled = false) =>
    ({ row: { metric, value: text }, error, recalled }) as Parameters<typeof printedSize>[0];
  const compression = value('compression |W|/|W!=0|', '68', null);
  const error = value('test error %', '1.92', 1.92, true);
  t.deepEqual(
    [compression, error].map((each) => sizePlace(each, sized)),
    ['weights', 'test'],
  );
  t.deepEqual([compression, error].map(printedSize), ['68×', '98.08†']);
  t.is(sizePlace(value('inference KFLOPs', '97.1', null), sized), null);
});
