import { join } from 'node:path';
import type { TrialRecord } from '@prunebench/core';
import test from 'ava';
import { parse } from 'csv-parse/sync';
import { renderReport, summarise } from '../src/index.ts';
import { markdownDetails } from '../src/render/sections.ts';
import { cellOf } from '../src/summary/summary.ts';
import { allShown } from '../src/tables/kinds.ts';
import { storedRecords, tiny } from './tiny-benchmark.ts';

const source = { benchmark: { ...tiny, published: [] }, published: [] };

/** The stored records as they would be with effective weights: "global" at 98 % is cut in two in seed 1. */
async function withPaths(): Promise<TrialRecord[]> {
  return (await storedRecords()).map((record) => {
    const { measured, series, spec } = record;
    if (measured === null) return record;
    const cut = series === 'global' && spec.sparsity === 0.98 && spec.seed === 1;
    const nothing = { remaining: 0, sparsity: 1, cutLayers: ['fc1/kernel', 'fc2/kernel'] };
    const some = { remaining: 50, sparsity: 0.95, cutLayers: [] };
    return { ...record, measured: { ...measured, effective: cut ? nothing : some } };
  });
}

const tableOf = async (records: readonly TrialRecord[]) => {
  const { files, tables } = await renderReport(source, { resultsDir: 'results', records });
  const csv = files.get(join('results', 'tiny', 'table-cpu.csv'))!;
  return { rows: parse(csv, { columns: true }) as Record<string, string>[], csv, markdown: tables[0]!.markdown };
};

test('effective sparsity stands beside the nominal one, and a network cut in two counts as collapsed', async (t) => {
  const records = await withPaths();
  const { rows, markdown } = await tableOf(records);
  const row = (series: string, sparsity: string) =>
    rows.find((each) => each.series === series && each.requested_sparsity_percent === sparsity)!;
  t.like(row('global', '98'), {
    effective_sparsity_percent: String(Number(((100 * (0.95 + 1 + 0.95)) / 3).toFixed(6))),
    collapsed_seeds: '1',
    seeds_without_path: '1',
    collapsed_layers: '',
  });
  t.like(row('global', '90'), { effective_sparsity_percent: '95', collapsed_seeds: '0', seeds_without_path: '0' });
  t.regex(markdown, /‡1\/3/);
  t.regex(markdown, /no weight is left on a path from input to output/);
  const details = markdownDetails(allShown(summarise(records, tiny.trials('cpu'))));
  t.regex(details, /\| achieved % \| effective % \|/);
});

test('records of earlier versions give tables without the columns', async (t) => {
  const { csv } = await tableOf(await storedRecords());
  t.notRegex(csv, /effective|without_path/);
  t.notRegex(markdownDetails(allShown(summarise(await storedRecords(), tiny.trials('cpu')))), /effective/);
});

test('ratios of nothing that is left are dashes, empty fields, and no point of a plot', async (t) => {
  const records = (await storedRecords()).map((record): TrialRecord => {
    const { measured, series, spec } = record;
    const emptied = series === 'random' && spec.sparsity === 0.98;
    return measured && emptied
      ? { ...record, measured: { ...measured, compressionRatio: null, theoreticalSpeedup: null } }
      : record;
  });
  const summary = summarise(records, tiny.trials('cpu'));
  const cell = cellOf(summary.networks[0]!, 'random', 0.98)!;
  t.is(cell.compressionRatio, null);
  const line = markdownDetails(allShown(summary))
    .split('\n')
    .find((each) => /random.*\| +98 \|/.test(each))!;
  t.deepEqual(
    line
      .split('|')
      .slice(4, 6)
      .map((each) => each.trim()),
    ['–', '–'],
  );
  const { rows } = await tableOf(records);
  const row = rows.find((each) => each.series === 'random' && each.requested_sparsity_percent === '98')!;
  t.like(row, { compression_ratio: '', theoretical_speedup: '' });
});
