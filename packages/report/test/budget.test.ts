import { join } from 'node:path';
import type { TrialRecord } from '@prunebench/core';
import test from 'ava';
import { parse } from 'csv-parse/sync';
import { renderReport } from '../src/index.ts';
import { storedRecords, tiny } from './tiny-benchmark.ts';

type Row = Record<string, string>;

const report = async (records: readonly TrialRecord[], measure: 'accuracy' | 'size' | 'speed' = 'accuracy') => {
  const source = { benchmark: { ...tiny, measure, published: [] }, published: [] };
  return renderReport(source, { resultsDir: 'results', records });
};

/** The stored records with other epochs of retraining, series by series; null: none. */
async function retrained(epochs: Readonly<Record<string, number | null>>): Promise<TrialRecord[]> {
  return (await storedRecords()).map((record): TrialRecord => {
    const { spec, series } = record;
    const own = epochs[series];
    if (own === undefined) return record;
    return { ...record, spec: { ...spec, retrain: own === null ? null : { ...spec.retrain!, epochs: own } } };
  });
}

for (const measure of ['accuracy', 'size', 'speed'] as const)
  test(`a table of ${measure} says that the dense network was trained for less`, async (t) => {
    const { markdown } = (await report(await storedRecords(), measure)).tables[0]!;
    t.regex(markdown, /Epochs of training: dense 2; pruned rows 2 and 1 more of retraining/);
  });

test('budgets of several series are a range', async (t) => {
  const { markdown } = (await report(await retrained({ uniform: 2.5, random: 0.25 }))).tables[0]!;
  t.regex(markdown, /dense 2; pruned rows 2 and 0\.25 to 2\.5 more of retraining/);
});

test('where nothing is retrained, the budgets are one', async (t) => {
  const records = await retrained({ global: null, uniform: null, random: null });
  t.regex((await report(records)).tables[0]!.markdown, /Training: 2 epochs, none after pruning\./);
});

test('the plot names both budgets beside the dense network, the CSV in columns', async (t) => {
  const { files } = await report(await storedRecords());
  t.true(files.get(join('results', 'tiny', 'accuracy-cpu.svg'))!.includes('dense 1.60 % (2 epochs; pruned: 2 + 1)'));
  const rows: Row[] = parse(files.get(join('results', 'tiny', 'table-cpu.csv'))!, { columns: true });
  t.like(rows[0], { kind: 'dense', pretrain_epochs: '2', retrain_epochs: '0' });
  t.like(rows[1], { kind: 'measured', pretrain_epochs: '2', retrain_epochs: '1' });
});

test('a row of its own: dense with the whole budget, in the column of the dense network', async (t) => {
  const records = await storedRecords();
  const dense = records
    .filter(({ series, spec }) => series === 'global' && spec.sparsity === 0.9)
    .map((record): TrialRecord => {
      const { spec, measured } = record;
      const final = { ...measured!.final!, test: { accuracy: 99, loss: 0.1 } };
      const none = { requested: 0, achieved: 0 };
      return {
        ...record,
        key: `${record.key}-dense`,
        series: 'dense, same budget',
        control: true,
        spec: { ...spec, sparsity: 0 },
        measured: {
          ...measured!,
          final,
          sparsity: none,
          compressionRatio: 1,
          parameters: { total: 1050, remaining: 1050 },
        },
      };
    });
  const [one] = tiny.trials('cpu');
  const same = { ...one!, sparsity: 0, series: 'dense, same budget', control: true };
  const benchmark = { ...tiny, published: [], trials: () => [...tiny.trials('cpu'), same] };
  const source = { benchmark, published: [] };
  const { tables } = await renderReport(source, { resultsDir: 'results', records: [...records, ...dense] });
  const lines = tables[0]!.markdown.split('\n');
  t.regex(lines.find((line) => line.startsWith('| dense '))!, /^\| dense +\| +1\.60 ± 0\.25 +\|/);
  t.regex(
    lines.find((line) => line.startsWith('| control: dense, same budget'))!,
    /budget \| +1\.00 ± 0\.00 +\| +\| +\|$/,
  );
});
