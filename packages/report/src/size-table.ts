import type { Benchmark } from '@prunebench/core';
import { fewestParameters, formatEstimate, markStanding } from './display.ts';
import { escapeMarkdown } from './escape.ts';
import { formatNumber } from './format.ts';
import type { PublishedValue } from './published.ts';
import type { Standing } from './ranks.ts';
import type { Cell, NetworkSummary } from './summary.ts';

/** The column of a size table in which a published value stands; null where none fits. */
export function sizeColumn({ row }: PublishedValue, benchmark: Benchmark): 'parameters' | 'validation' | 'test' | null {
  if (row.metric === 'number of weights (incl. biases)') return 'parameters';
  if (row.metric === 'train accuracy %' && benchmark.validationName === 'training set') return 'validation';
  return row.metric === 'test accuracy %' ? 'test' : null;
}

/**
 * Rows of a table of sizes, its header first: what is left of the dense network in each series, how accurate it is then, and the
 * published values as rows of their own below the series they belong to.
 */
export function sizeRows(
  network: NetworkSummary,
  benchmark: Benchmark,
  values: readonly PublishedValue[],
  standings: ReadonlyMap<Cell, Standing>,
  nameOf: (name: string, control: boolean) => string,
): string[][] {
  const { size, dense, cells } = network;
  return [
    [
      '',
      'parameters left',
      'fewest',
      'weights left',
      `${escapeMarkdown(benchmark.validationName ?? 'validation')}, %`,
      'test, %',
    ],
    ...dense.flatMap(({ name, accuracy, validationAccuracy }) => [
      [
        escapeMarkdown(name),
        String(size!.parameters),
        '',
        String(size!.weights),
        formatEstimate(validationAccuracy),
        formatEstimate(accuracy),
      ],
      ...publishedRows(values, name, benchmark),
    ]),
    ...cells.flatMap((cell) => [
      cellRow(cell, nameOf(cell.series, cell.control), standings.get(cell)),
      ...publishedRows(values, cell.series, benchmark),
    ]),
  ];
}

function cellRow(cell: Cell, name: string, standing: Standing | undefined): string[] {
  const { remainingParameters, remainingWeights, validationAccuracy, accuracy, failures, trials } = cell;
  const left = remainingParameters ? formatEstimate(remainingParameters, 1) : '';
  const failed = failures.length === 0 ? '' : ` failed ${failures.length}/${trials.length + failures.length}`;
  return [
    name,
    `${markStanding(left, standing)}${failed}`,
    fewestParameters(cell)?.toString() ?? '',
    remainingWeights ? formatNumber(remainingWeights.mean, 1) : '',
    validationAccuracy ? formatEstimate(validationAccuracy) : '',
    accuracy ? formatEstimate(accuracy) : '',
  ];
}

function publishedRows(values: readonly PublishedValue[], series: string, benchmark: Benchmark): string[][] {
  const shown = values.filter((value) => value.series === series && sizeColumn(value, benchmark) !== null);
  return [...Map.groupBy(shown, ({ label }) => label)].map(([label, ofLabel]) => {
    const at = (column: 'parameters' | 'validation' | 'test') =>
      ofLabel
        .filter((value) => sizeColumn(value, benchmark) === column)
        .map(({ row, recalled }) => `*${escapeMarkdown(row.value)}${recalled ? '†' : ''}*`)
        .join(', ');
    return [`*${escapeMarkdown(label)}*`, at('parameters'), '', '', at('validation'), at('test')];
  });
}
