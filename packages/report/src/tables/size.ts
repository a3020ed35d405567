import type { Benchmark } from '@prunebench/core';
import { sizeFigure } from '../plots/size.ts';
import type { PublishedValue } from '../published.ts';
import type { Compared } from '../statistics/compared.ts';
import { isSeparated, type PairedTest, SAME_IN_EVERY_SEED } from '../statistics/paired-tests.ts';
import { standings } from '../statistics/ranks.ts';
import { fewestParameters } from '../summary/cell.ts';
import type { NetworkSummary } from '../summary/summary.ts';
import { failedSeeds, formatEstimate, seriesName } from './display.ts';
import { formatBound, formatNumber } from './format.ts';
import type { TableKind, TableSource } from './kind.ts';
import { column, measuredInterval, optional } from './measured-columns.ts';
import { NOTES } from './notes.ts';
import { rowsByLabel } from './published-rows.ts';
import { recordedCells } from './recorded-columns.ts';
import { basisOf, placeOf } from './sentences.ts';
import { printedSize, type SizePlace, sizePlace } from './size-place.ts';
import { cell, type Table, type TableCell } from './table.ts';

const SIZES = 'Parameters with biases, weights without; how many is the result, the sparsity was not asked for.';

const parametersLeft: Compared = {
  difference: 'remaining_difference',
  unit: 'parameters',
  better: 'lower',
  of: ({ measured }) => measured.parameters.remaining,
  over: ({ remainingParameters }) => remainingParameters,
  largestDifference: ({ size }) => size!.parameters,
};

/** For methods that decide themselves how far they go: what each series leaves of the dense network, and how accurate it is then. */
export const sizeTable: TableKind = {
  id: 'size',
  fits: ({ measure }) => measure === 'size',
  compared: parametersLeft,
  title: () => 'what is left',
  table: sizesByRows,
  elsewhere: ({ published, benchmark }) => published.filter((value) => sizePlace(value, benchmark) === null),
  note: (_, seeds) => (seeds === '1' ? SIZES : `${SIZES} ${NOTES.interval}`),
  sentences: (network, _, tests) => tests.map((test) => sizeSentence(network, test)),
  rowsOfCells: true,
  asked: { sparsity: 'at most, %' },
  sizeColumns: [
    ...measuredInterval('remaining', 'parameters', ({ remainingParameters }) => remainingParameters).map(
      (each, part) => ({
        ...each,
        text: (row: Parameters<typeof each.text>[0]) =>
          part === 0 && row.kind === 'dense' ? optional(row.network.size?.parameters, String) : each.text(row),
      }),
    ),
    column('fewest_remaining_parameters', { measured: (of) => optional(fewestParameters(of), String) }),
    column('remaining_weights', {
      dense: (_, { size }) => optional(size?.weights, String),
      measured: ({ remainingWeights: left }) => optional(left, ({ mean }) => formatNumber(mean, 2)),
    }),
    ...measuredInterval(
      'validation_accuracy',
      'percent',
      (of) => of.validationAccuracy,
      (dense) => dense.validationAccuracy,
    ),
  ],
  figures: [sizeFigure],
  rankedBy: 'remaining_parameters',
};

function sizesByRows({ network, tests, benchmark, published }: TableSource): Table {
  const { size, dense, cells } = network;
  const marks = standings(network, tests, parametersLeft);
  const recorded = recordedCells(network);
  const printed = (series: string) =>
    printedSizes(published, series, benchmark).map((row) => [...row, ...recorded.none]);
  return {
    columns: [
      '',
      'parameters left',
      'fewest',
      'weights left',
      `${benchmark.validationName ?? 'validation'}, %`,
      'test, %',
      ...recorded.heads,
    ],
    rows: [
      ...dense.flatMap(({ name, accuracy, validationAccuracy }) => [
        [
          cell(name),
          cell(String(size!.parameters)),
          [],
          cell(String(size!.weights)),
          cell(formatEstimate(validationAccuracy)),
          cell(formatEstimate(accuracy)),
          ...recorded.dense,
        ],
        ...printed(name),
      ]),
      ...cells.flatMap((of) => [
        [
          cell(seriesName(of)),
          cell(of.remainingParameters ? formatEstimate(of.remainingParameters, 1) : '', {
            standing: marks.get(of),
            remarks: failedSeeds(of),
          }),
          cell(fewestParameters(of)?.toString()),
          cell(of.remainingWeights ? formatNumber(of.remainingWeights.mean, 1) : ''),
          cell(of.validationAccuracy ? formatEstimate(of.validationAccuracy) : ''),
          cell(of.accuracy ? formatEstimate(of.accuracy) : ''),
          ...recorded.of(of),
        ],
        ...printed(of.series),
      ]),
    ],
  };
}

/** Published sizes and accuracies as rows of their own below the series that they belong to. */
function printedSizes(values: readonly PublishedValue[], series: string, benchmark: Benchmark): TableCell[][] {
  const placed = values.filter((value) => value.series === series && sizePlace(value, benchmark) !== null);
  return rowsByLabel(placed, (ofLabel) => {
    const at = (place: SizePlace): TableCell =>
      ofLabel
        .filter((value) => sizePlace(value, benchmark) === place)
        .map((value) => ({ text: printedSize(value), published: true }));
    return [at('parameters'), [], at('weights'), at('validation'), at('test')];
  });
}

function sizeSentence(network: NetworkSummary, test: PairedTest): string {
  const { first, second, better, difference, tTestHolm, note } = test;
  const where = placeOf(network);
  if (difference === null) return `${first} and ${second} on ${where}: ${note ?? 'no common seeds'}, not tested.`;
  if (better === null) return `${first} and ${second} leave equally many parameters of ${where}.`;
  const worse = better === first ? second : first;
  const fewer = `${formatNumber(Math.abs(difference.mean), 1)} fewer parameters of ${where} than ${worse}`;
  if (tTestHolm === null) return `${first} and ${second} on ${where}: ${note}, not tested.`;
  const basis = basisOf([test]);
  if (note === SAME_IN_EVERY_SEED)
    return `${better} leaves ${fewer} in every one of ${difference.n} seeds: ${basis} p ${formatBound(tTestHolm, isSeparated(test) ? 'at most' : 'at least')}.`;
  return isSeparated(test)
    ? `${better} leaves ${fewer} on average: ${basis} p ${formatBound(tTestHolm, 'at most')}.`
    : `${first} and ${second} cannot be told apart on ${where} (${better} leaves ${formatNumber(Math.abs(difference.mean), 1)} fewer parameters on average): ${basis} p ${formatBound(tTestHolm, 'at least')}.`;
}
