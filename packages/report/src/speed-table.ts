import { formatEstimate, formatSpeedup } from './display.ts';
import { formatFixed, formatNumber, formatPercent } from './format.ts';
import { batchSizesOf } from './speedup.ts';
import type { Cell, NetworkSummary } from './summary.ts';

/**
 * Rows of a table of speed, its header first: for every series and sparsity the accuracy, what its multiply-adds promise, what was
 * measured (with the range over rounds), and the two files' sizes.
 */
export function speedRows(
  network: NetworkSummary,
  nameOf: (name: string, control: boolean) => string,
): readonly (readonly string[])[] {
  const sizes = batchSizesOf(network.cells);
  return [
    [
      '',
      'asked, %',
      'weights removed, %',
      'test accuracy, %',
      'theoretical',
      ...sizes.map((size) => `batch ${size}`),
      'dense, kB',
      'sparse, kB',
    ],
    ...network.dense.map(({ name, accuracy }) => [
      name,
      '0',
      '0',
      formatEstimate(accuracy),
      '1',
      ...sizes.map(() => '1'),
      '',
      '',
    ]),
    ...network.cells.map((cell) => cellRow(cell, nameOf(cell.series, cell.control), sizes)),
  ];
}

function cellRow(cell: Cell, name: string, sizes: readonly number[]): string[] {
  const { accuracy, achievedSparsity, theoreticalSpeedup, speedups, fileBytes, failures, trials } = cell;
  const failed = failures.length === 0 ? '' : ` failed ${failures.length}/${trials.length + failures.length}`;
  const kilobytes = (bytes: number) => formatNumber(bytes / 1000, 1);
  return [
    `${name}${failed}`,
    formatPercent(cell.sparsity),
    achievedSparsity ? formatFixed(achievedSparsity.mean * 100, 1) : '',
    accuracy ? formatEstimate(accuracy) : '',
    theoreticalSpeedup ? formatSpeedup(theoreticalSpeedup.mean) : trials.length > 0 ? '–' : '',
    ...sizes.map((size) => {
      const measured = speedups.find(({ batchSize }) => batchSize === size);
      return measured ? formatSpeedup(measured.median, measured) : '';
    }),
    fileBytes ? kilobytes(fileBytes.dense.mean) : '',
    fileBytes ? kilobytes(fileBytes.sparse.mean) : '',
  ];
}
