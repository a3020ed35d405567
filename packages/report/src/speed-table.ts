import { formatEstimate, formatSpeedup } from './display.ts';
import { escapeMarkdown } from './escape.ts';
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
      escapeMarkdown(name),
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

const BASELINES = {
  compiled: 'Dense time / time of the pruned network, both compiled: dense is the network with nothing pruned',
  uncompiled:
    "Dense time / time of the pruned network on the same kernels; dense is the network as it is evaluated, so that part of the speed-up is compiling's (batch norms folded in, tiles of images kept in the cache)",
} as const;

/** What the measured speed-ups of a network are: against what, and with which range; undefined where none is shown. */
export function speedNote({ cells }: NetworkSummary): string | undefined {
  const [first] = cells.flatMap(({ speedups }) => speedups);
  return first && `${BASELINES[first.baseline]}: the median over seeds, and in brackets ${rangeWords(cells)}.`;
}

function cellRow(cell: Cell, name: string, sizes: readonly number[]): string[] {
  const { accuracy, achievedSparsity, theoreticalSpeedup, fileBytes, failures, trials } = cell;
  const failed = failures.length === 0 ? '' : ` failed ${failures.length}/${trials.length + failures.length}`;
  const kilobytes = (bytes: number) => formatNumber(bytes / 1000, 1);
  return [
    `${name}${failed}`,
    formatPercent(cell.sparsity),
    achievedSparsity ? formatFixed(achievedSparsity.mean * 100, 1) : '',
    accuracy ? formatEstimate(accuracy) : '',
    theoreticalSpeedup ? formatSpeedup(theoreticalSpeedup.mean) : trials.length > 0 ? '–' : '',
    ...sizes.map((size) => speedupAt(cell, size) ?? ''),
    fileBytes ? kilobytes(fileBytes.dense.mean) : '',
    fileBytes ? kilobytes(fileBytes.sparse.mean) : '',
  ];
}

/** The measured speed-up of a cell with its range, that it is withheld, or undefined where nothing was timed. */
export function speedupAt({ speedups, withheld }: Cell, size: number): string | undefined {
  const measured = speedups.find(({ batchSize }) => batchSize === size);
  if (measured) return formatSpeedup(measured.median, measured);
  return withheld.some(({ batchSize }) => batchSize === size) ? 'withheld' : undefined;
}

/** What the brackets of a table of speed hold. */
export function rangeWords(cells: readonly Cell[]): string {
  const ranges = new Set(cells.flatMap(({ speedups }) => speedups.map(({ range }) => range)));
  if (!ranges.has('quartiles')) return 'the slowest and the fastest round of any';
  const quartiles = 'the lowest first and the highest third quartile of any';
  return ranges.has('rounds')
    ? `${quartiles}, or the slowest and the fastest round where a record holds none`
    : quartiles;
}
