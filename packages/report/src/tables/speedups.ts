import type { Cell } from '../summary/cell.ts';
import type { NetworkSummary } from '../summary/summary.ts';
import { formatSpeedup } from './display.ts';

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
