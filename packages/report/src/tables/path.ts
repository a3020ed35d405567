import { accuracyFigure } from '../plots/accuracy.ts';
import { densityFigure } from '../plots/density.ts';
import type { PublishedValue } from '../published.ts';
import { testAccuracy } from '../statistics/compared.ts';
import { standings } from '../statistics/ranks.ts';
import type { NetworkSummary } from '../summary/summary.ts';
import { quantityOf } from '../summary/trained.ts';
import { axisWords, collapsedMark, failedSeeds, formatEstimate, formatShare, seriesName } from './display.ts';
import { formatPercent } from './format.ts';
import type { TableKind, TableSource } from './kind.ts';
import { NOTES } from './notes.ts';
import { publishedNumber, rowsByLabel } from './published-rows.ts';
import { recordedCells } from './recorded-columns.ts';
import { countedWins } from './sentences.ts';
import { cell, type Table, type TableCell } from './table.ts';

/** For trials that are not asked for a sparsity: a row for each series and point, with the sparsity that it led to as a result. */
export const pathTable: TableKind = {
  id: 'path',
  fits: ({ measure, axis }) => measure === 'accuracy' && axis !== 'sparsity',
  compared: testAccuracy,
  title: (network) => `weights removed and test ${quantityOf(network)}, in % at each ${axisWords[network.axis].one}`,
  table: tableByRows,
  elsewhere: ({ network, published }) => published.filter((value) => !isPlaced(value, network)),
  note: ({ axis }, seeds) =>
    [
      seeds === '1' ? NOTES.single : NOTES.interval,
      'The sparsity is a result.',
      ...(axis === 'lambda' ? ['No tests: a λ means something else for each method.'] : []),
    ].join(' '),
  sentences: countedWins,
  rowsOfCells: true,
  figures: [accuracyFigure, densityFigure],
  rankedBy: 'test_accuracy',
};

function tableByRows({ network, tests, published }: TableSource): Table {
  const { axis, dense, series, cells } = network;
  const quantity = quantityOf(network);
  const marks = standings(network, tests, testAccuracy);
  const recorded = recordedCells(network);
  const printed = (name: string) => printedRows(published, name, network).map((row) => [...row, ...recorded.none]);
  return {
    columns: ['', axisWords[axis].head, 'weights removed, %', `test ${quantity}, %`, ...recorded.heads],
    rows: [
      ...dense.flatMap(({ name, [quantity]: estimate }) => [
        [cell(name), [], cell('0'), cell(formatEstimate(estimate)), ...recorded.dense],
        ...printed(name),
      ]),
      ...series.flatMap(({ name }) => [
        ...cells
          .filter((each) => each.series === name)
          .map((each) => [
            cell(seriesName(each)),
            cell(axisWords[axis].format(each.at)),
            cell(each.achievedSparsity ? formatShare(each.achievedSparsity) : ''),
            cell(each[quantity] ? formatEstimate(each[quantity]) : '', {
              standing: marks.get(each),
              remarks: [...collapsedMark(each), ...failedSeeds(each)],
            }),
            ...recorded.of(each),
          ]),
        ...printed(name),
      ]),
    ],
  };
}

/** Published values below the series they belong to, each at the sparsity that the paper reached: a row for each. */
function printedRows(published: readonly PublishedValue[], series: string, network: NetworkSummary): TableCell[][] {
  const quantity = quantityOf(network);
  return published
    .filter((value) => value.series === series && isPlaced(value, network))
    .flatMap((value) =>
      rowsByLabel([value], () => [
        [],
        cell(formatPercent(value.sparsity!), { published: true }),
        cell(publishedNumber(value, quantity), { published: true }),
      ]),
    );
}

function isPlaced({ series, error, sparsity, measure }: PublishedValue, network: NetworkSummary): boolean {
  const beside = [...network.dense, ...network.series].some(({ name }) => name === series);
  return beside && error !== null && sparsity !== null && measure !== 'before-retraining';
}
