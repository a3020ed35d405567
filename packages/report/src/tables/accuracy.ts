import { accuracyFigure } from '../plots/accuracy.ts';
import { densityFigure } from '../plots/density.ts';
import { testAccuracy } from '../statistics/compared.ts';
import { type Standing, standings } from '../statistics/ranks.ts';
import type { Cell } from '../summary/cell.ts';
import { isNearSparsity } from '../summary/compression.ts';
import { cellOf, type NetworkSummary } from '../summary/summary.ts';
import { quantityOf } from '../summary/trained.ts';
import { axisWords, collapsedMark, failedSeeds, formatEstimate, seriesName } from './display.ts';
import { formatPercent } from './format.ts';
import type { TableKind, TableSource } from './kind.ts';
import { NOTES } from './notes.ts';
import { type Places, publishedRows, withoutPlace } from './published-rows.ts';
import { countedWins } from './sentences.ts';
import { cell, type Table, type TableCell } from './table.ts';

/** Test error or accuracy of each series (rows) at each requested sparsity (columns). */
export const accuracyTable: TableKind = {
  id: 'accuracy',
  fits: ({ measure }) => measure === 'accuracy',
  compared: testAccuracy,
  title: (network) => `test ${quantityOf(network)}, in % at each ${axisWords[network.axis].one}`,
  table: tableByColumns,
  elsewhere: ({ network, published }) => withoutPlace(published, placesOf(network)),
  note: (_, seeds) => (seeds === '1' ? NOTES.single : NOTES.interval),
  sentences: countedWins,
  figures: [accuracyFigure, densityFigure],
  rankedBy: 'test_accuracy',
};

function tableByColumns({ network, tests, published }: TableSource): Table {
  const quantity = quantityOf(network);
  const { columns } = placesOf(network);
  const marks = standings(network, tests, testAccuracy);
  return {
    columns: ['', ...columns.map(axisWords[network.axis].label)],
    rows: [
      ...network.dense.flatMap(({ name, [quantity]: estimate }) => [
        [cell(name), ...columns.map((at) => (at === 0 ? cell(formatEstimate(estimate)) : []))],
        ...publishedRows(published, name, columns, quantity),
      ]),
      ...network.series.flatMap(({ name, control }) => [
        [
          cell(seriesName({ series: name, control })),
          ...columns.map((at) => accuracyCell(cellOf(network, name, at), quantity, marks)),
        ],
        ...publishedRows(published, name, columns, quantity),
      ]),
    ],
  };
}

/** The columns and rows in which published values may stand. */
function placesOf({ dense, series, points }: NetworkSummary): Places {
  return {
    columns: dense.length > 0 && !points.includes(0) ? [0, ...points] : points,
    rows: [...dense, ...series].map(({ name }) => name),
  };
}

function accuracyCell(
  of: Cell | undefined,
  quantity: 'error' | 'accuracy',
  marks: ReadonlyMap<Cell, Standing>,
): TableCell {
  if (of === undefined) return [];
  const { [quantity]: estimate } = of;
  return cell(estimate ? formatEstimate(estimate) : '', {
    standing: marks.get(of),
    remarks: [...achievedElsewhere(of), ...collapsedMark(of), ...failedSeeds(of)],
  });
}

/** Where a cell's networks lost another share of their weights than its column says. */
function achievedElsewhere({ achievedSparsity, at }: Cell): readonly string[] {
  if (achievedSparsity === null || isNearSparsity(achievedSparsity.mean, at)) return [];
  return [`at ${formatPercent(achievedSparsity.mean, 1)} %`];
}
