import test from 'ava';
import { renderReport } from '../src/index.ts';
import { columnOf, compressionAt, isNearSparsity } from '../src/summary/compression.ts';
import { described } from './described.ts';
import { keyOf, storedRecords, workplace } from './tiny-benchmark.ts';

test('a sparsity of the weights is a smaller compression of all parameters: the biases stay', (t) => {
  const lenet5 = { parameters: 431_080, weights: 430_500 };
  t.is(compressionAt(lenet5, 0.99).toFixed(1), '88.2');
  t.is(compressionAt(lenet5, 0), 1);
  t.is(compressionAt({ parameters: 1050, weights: 1000 }, 0.9), 7);
  t.is(compressionAt(null, 0.9).toFixed(9), '10.000000000');
});

test('a value stands in the nearest column, but not far from its own sparsity', (t) => {
  t.is(columnOf([0, 0.5, 0.8, 0.9, 0.95], 0.917), 3);
  t.is(columnOf([0, 0.98], 0.9), null);
  t.is(columnOf([0, 0.9], 0.98), null);
  t.is(columnOf([0.9, 0.98, 0.99], 0.97), null);
  t.is(columnOf([0.9, 0.98, 0.99], 0.982), 1);
  t.is(columnOf([0.917, 0.92], 0.92), 1);
  t.is(columnOf([], 0.5), null);
  t.is(columnOf([0], 0), 0);
});

test('nothing that was pruned stands in the column of the dense network', (t) => {
  t.false(isNearSparsity(0, 0.01));
  t.false(isNearSparsity(0.01, 0));
});

/** The report of the stored records at one sparsity alone, as after `run --filter sparsity=...`. */
async function filtered(sparsity: number) {
  const { source } = await workplace();
  const records = (await storedRecords()).filter(({ spec }) => spec.sparsity === sparsity);
  return renderReport(source, { resultsDir: 'results', records, keyOf });
}

test('a published value whose column a filter left out is listed below the table with its sparsity, not put elsewhere', async (t) => {
  const { markdown } = (await filtered(0.98)).tables[0]!;
  t.notRegex(markdown, /\|[^|\n]*2\.05/);
  t.regex(markdown, /- Ada et al\. 2015, Table 1 \(magnitude\), beside global: test error % at 90: 2\.05\n/);
  t.regex(markdown, /\| \*Dirac & Euler 2016, Table 2 \(layer-wise\)\* +\| +\| +\*3\.1†\* \|/);
  const other = (await filtered(0.9)).tables[0]!.markdown;
  t.regex(other, /\| \*Ada et al\. 2015, Table 1 \(magnitude\)\* +\| +\| +\*2\.05\* \|/);
  t.regex(other, /beside uniform: test accuracy % at 50x: 96\.9† \(from memory\)/);
});

test('in the plot a published value stands above our own points of the same sparsity', async (t) => {
  const { source } = await workplace();
  const svgs = await described(source, { resultsDir: 'results', records: await storedRecords(), keyOf });
  const svg = svgs.get('accuracy')!;
  const xOf = (value: string) => {
    const mark = new RegExp(`value: ${value}; color: [^"]*"[^>]*transform="translate\\(([\\d.]+),`).exec(svg);
    return Number(mark?.[1]);
  };
  t.true(xOf('2.1') > 0);
  t.is(xOf('2.05'), xOf('2.1'), '90 %: error 2.05 published, 2.1 ours');
  t.is(xOf('3.1'), xOf('3.13333'), '50x, which is 98 %: error 3.1 published, 3.1333 ours');
});
