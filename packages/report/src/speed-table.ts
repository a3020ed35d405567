import { STEADY_SPREAD } from '@prunebench/core';
import { formatEstimate, formatMeasured, formatSpeedup } from './display.ts';
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

const NOTES = {
  compiled: 'Dense time / time of the pruned network, both compiled: dense is the network with nothing pruned.',
  uncompiled:
    "Dense time / time of the pruned network on the same kernels; dense is the network as it is evaluated, so that part of the speed-up is compiling's (batch norms folded in, tiles of images kept in the cache).",
  quartiles: 'The median over seeds, and in brackets the quartiles over rounds.',
  range: 'The median over seeds, and in brackets the slowest and the fastest round of any.',
} as const;

/** What the measured speed-ups of a network are, and how many are left out; nothing where none was measured. */
export function speedNotes({ cells }: NetworkSummary): string[] {
  const all = cells.flatMap(({ speedups }) => speedups);
  const disturbed = cells.reduce((sum, { disturbedSpeeds }) => sum + disturbedSpeeds, 0);
  const baseline = all[0] && NOTES[all[0].baseline];
  const range = all[0] && (all.every(({ quartiles }) => quartiles) ? NOTES.quartiles : NOTES.range);
  return [
    ...(baseline && range ? [baseline, range] : []),
    ...(disturbed > 0
      ? [
          `${disturbed} ${disturbed === 1 ? 'measurement is' : 'measurements are'} left out: the fastest round said more than ${STEADY_SPREAD} times what the slowest said.`,
        ]
      : []),
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
      return measured ? formatMeasured(measured) : '';
    }),
    fileBytes ? kilobytes(fileBytes.dense.mean) : '',
    fileBytes ? kilobytes(fileBytes.sparse.mean) : '',
  ];
}
