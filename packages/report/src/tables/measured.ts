import { belongsTo, type PublishedValue } from '../published.ts';
import { rankCells } from '../statistics/ranks.ts';
import type { Shown } from './kind.ts';
import { type MeasuredRow, measuredColumns } from './measured-columns.ts';
import { recordedCsvColumns } from './recorded-columns.ts';
import { type Table, tableOf } from './table.ts';

/** Tidy table: a row for every dense network, cell and published value, with units in the column names. */
export function measuredTable(shown: readonly Shown[], published: readonly PublishedValue[]): Table {
  const rows = shown.flatMap(({ network, tests }): MeasuredRow[] => {
    const ranks = rankCells(network, tests);
    return [
      ...network.dense.map((dense): MeasuredRow => ({ kind: 'dense', network, dense })),
      ...network.cells.map((cell): MeasuredRow => ({ kind: 'measured', network, cell, rank: ranks.get(cell) ?? null })),
      ...published
        .filter((value) => belongsTo(value, network))
        .map((value): MeasuredRow => ({ kind: 'published', network, value })),
    ];
  });
  const sizes = shown.find(({ kind }) => kind.sizeColumns !== undefined)?.kind.sizeColumns;
  const networks = shown.map(({ network }) => network);
  return tableOf(measuredColumns(networks, sizes, recordedCsvColumns(networks)), rows);
}
