import { densityFigure } from '../plots/density.ts';
import { testAccuracy } from '../statistics/compared.ts';
import type { Cell } from '../summary/cell.ts';
import { cellOf } from '../summary/summary.ts';
import { isUntrained } from '../summary/trained.ts';
import { axisWords, collapsedMark, failedSeeds, seriesName } from './display.ts';
import { formatNumber, formatPercent } from './format.ts';
import type { TableKind, TableSource } from './kind.ts';
import { countedWins } from './sentences.ts';
import { cell, type Table, type TableCell } from './table.ts';

/** For tables that train nothing: how thin the thinnest layer gets, and where the first one is empty. */
export const collapseTable: TableKind = {
  id: 'collapse',
  fits: (network) => network.measure === 'accuracy' && isUntrained(network),
  compared: testAccuracy,
  title: ({ axis }) =>
    `density of the layer that kept the smallest share of its weights, in % at each ${axisWords[axis].one}`,
  table: densityByColumns,
  elsewhere: ({ published }) => published,
  note: () => 'Nothing is trained here: remaining weights of the thinnest layer, mean over seeds.',
  sentences: countedWins,
  figures: [densityFigure],
  rankedBy: null,
};

function densityByColumns({ network }: TableSource): Table {
  const { points, axis, series } = network;
  return {
    columns: ['', ...points.map(axisWords[axis].label), 'first empty layer'],
    rows: series.map(({ name, control }) => {
      const cells = points.map((at) => cellOf(network, name, at));
      const first = cells.find((each) => each !== undefined && each.collapsed.length > 0);
      const at = first && `${formatPercent(first.at)} % (${formatNumber(1 / (1 - first.at), 1)}×)`;
      return [cell(seriesName({ series: name, control })), ...cells.map(densityCell), cell(at ?? 'none')];
    }),
  };
}

function densityCell(of: Cell | undefined): TableCell {
  if (of === undefined) return [];
  const { smallestDensity } = of;
  return cell(smallestDensity ? formatNumber(smallestDensity.mean * 100, 3) : '', {
    remarks: [...collapsedMark(of), ...failedSeeds(of)],
  });
}
