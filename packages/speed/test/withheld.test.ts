import test from 'ava';
import { csvOf } from '../src/csv.ts';
import { withRange } from '../src/format.ts';
import { sparsePlot } from '../src/sparse-plot.ts';
import type { SparseRow } from '../src/sparse-rows.ts';
import { rowTable } from '../src/sparse-tables.ts';

const row = (overDenseMin: number, overDenseMax: number): SparseRow => ({
  what: 'inference',
  name: 'resnet-20',
  batchSize: 128,
  threads: 2,
  sparsity: 0.9,
  format: 'tiles',
  ourMilliseconds: 1,
  denseMilliseconds: 2,
  torchMilliseconds: null,
  torchSparseMilliseconds: null,
  scipyMilliseconds: null,
  theoretical: 4,
  overDense: 2,
  overDenseMin,
  overDenseMax,
  overTorch: null,
  overTorchSparse: null,
  overScipy: null,
});

test('a ratio whose highest round is more than three times its lowest is withheld in the CSV, which says so', (t) => {
  const [header, ...lines] = csvOf([row(1, 3.01), row(1, 3)], { commit: 'abc' })
    .trim()
    .split('\n')
    .map((line) => line.split(','));
  const rows = lines.map((fields) => Object.fromEntries(fields.map((field, i) => [header![i]!, field])));
  t.like(rows[0], { over_dense: '', over_dense_min: '', over_dense_max: '', over_dense_withheld: 'TRUE' });
  t.like(rows[1], { over_dense: '2', over_dense_min: '1', over_dense_max: '3', over_dense_withheld: 'FALSE' });
  t.is(rows[0]!.theoretical, '4');
});

test('numbers are numbers or nothing, and TRUE and FALSE are what R reads', (t) => {
  const text = csvOf([{ yes: true, no: false, ratio: Number.POSITIVE_INFINITY, none: null, third: 1 / 3 }], {});
  t.is(text, 'yes,no,ratio,none,third\nTRUE,FALSE,,,0.3333\n');
});

test('the table says which masks, and how many ratios it withholds', (t) => {
  const table = rowTable([row(1, 9), row(1, 2)]);
  t.true(table.includes('\n\nMasks: uniform random, the same share of every layer. 1 of 2 ratios are withheld:'));
  t.regex(table, /\| +withheld \|/);
  t.regex(table, /2\.00 \(1\.00-2\.00\)/);
  t.is(withRange(2, 0, 1), 'withheld');
  t.is(withRange(null, null, null), '');
});

test('the plot leaves them out and says so, and which masks', async (t) => {
  const svg = await sparsePlot([row(1, 9), { ...row(1, 2), sparsity: 0.5 }]);
  t.regex(svg, /uniform random masks/);
  t.regex(svg, /1 of 2 ratios are withheld/);
  // Discs are the only arcs; the legend's has an edge.
  t.is((svg.match(/<path fill="#[0-9a-f]+" d="[^"]*a[^"]*"/g) ?? []).length, 1);
});
