import { speedFigure } from '../plots/speed.ts';
import { testAccuracy } from '../statistics/compared.ts';
import type { Cell } from '../summary/cell.ts';
import { batchSizesOf } from '../summary/speedup.ts';
import { axisWords, failedSeeds, formatEstimate, formatSpeedup, seriesName } from './display.ts';
import { formatFixed, formatNumber } from './format.ts';
import type { TableKind, TableSource } from './kind.ts';
import { recordedCells } from './recorded-columns.ts';
import { countedWins } from './sentences.ts';
import { speedStatements } from './speed-statements.ts';
import { speedNote, speedupAt } from './speedups.ts';
import { cell, type Table, type TableCell } from './table.ts';

const ASKED = 'For filters and neurons, what was asked for is a share of these.';

/**
 * For every series and point the accuracy, what its multiply-adds promise, what was measured (with the range over rounds), and the two
 * files' sizes.
 */
export const speedTable: TableKind = {
  id: 'speed',
  fits: ({ measure }) => measure === 'speed',
  compared: testAccuracy,
  title: () => 'speed-up and file sizes',
  table: speedsByRows,
  elsewhere: ({ published }) => published,
  note: (network) => [speedNote(network), ASKED].filter((note) => note !== undefined).join(' '),
  notesSpeed: true,
  rowsOfCells: true,
  findings: speedStatements,
  sentences: countedWins,
  figures: [speedFigure],
  rankedBy: null,
};

function speedsByRows({ network }: TableSource): Table {
  const { axis, cells, dense } = network;
  const sizes = batchSizesOf(cells);
  const recorded = recordedCells(network);
  return {
    columns: [
      '',
      axisWords[axis].head,
      'weights removed, %',
      'test accuracy, %',
      'theoretical',
      ...sizes.map((size) => `batch ${size}`),
      'dense, kB',
      'sparse, kB',
      ...recorded.heads,
    ],
    rows: [
      ...dense.map(({ name, accuracy }) => [
        cell(name),
        cell('0'),
        cell('0'),
        cell(formatEstimate(accuracy)),
        cell('1'),
        ...sizes.map(() => cell('1')),
        [],
        [],
        ...recorded.dense,
      ]),
      ...cells.map((of) => [...speedRow(of, sizes), ...recorded.of(of)]),
    ],
  };
}

function speedRow(of: Cell, sizes: readonly number[]): TableCell[] {
  const { accuracy, achievedSparsity, theoreticalSpeedup, fileBytes, trials } = of;
  const kilobytes = (bytes: number) => formatNumber(bytes / 1000, 1);
  return [
    cell(seriesName(of), { remarks: failedSeeds(of) }),
    cell(axisWords[of.axis].format(of.at)),
    cell(achievedSparsity ? formatFixed(achievedSparsity.mean * 100, 1) : ''),
    cell(accuracy ? formatEstimate(accuracy) : ''),
    cell(theoreticalSpeedup ? formatSpeedup(theoreticalSpeedup.mean) : trials.length > 0 ? '–' : ''),
    ...sizes.map((size) => cell(speedupAt(of, size))),
    cell(fileBytes ? kilobytes(fileBytes.dense.mean) : ''),
    cell(fileBytes ? kilobytes(fileBytes.sparse.mean) : ''),
  ];
}
