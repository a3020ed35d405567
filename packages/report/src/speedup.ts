import type { SpeedRecord } from '@prunebench/core';

/** Measured speed-up of a cell at one batch size, over the seeds that were timed. */
export interface Speedup {
  readonly batchSize: number;
  readonly seeds: number;
  /** Dense time / time of the pruned network: the median over seeds of each seed's median over rounds. */
  readonly median: number;
  /** The slowest and the fastest round of any seed. */
  readonly low: number;
  readonly high: number;
  /** Median milliseconds of a batch, dense and pruned. */
  readonly denseMilliseconds: number;
  readonly sparseMilliseconds: number;
}

/** Gathers measurements of several seeds, in ascending order of batch sizes. */
export function speedups(records: readonly SpeedRecord[]): readonly Speedup[] {
  const batches = Map.groupBy(
    records.flatMap((record) => record.batches),
    ({ batchSize }) => batchSize,
  );
  return [...batches]
    .sort(([a], [b]) => a - b)
    .map(([batchSize, measured]) => ({
      batchSize,
      seeds: measured.length,
      median: median(measured.map(({ speedup }) => speedup)),
      low: Math.min(...measured.map(({ speedup, speedupMin, kind }) => (kind === 'dense' ? speedup : speedupMin))),
      high: Math.max(...measured.map(({ speedup, speedupMax, kind }) => (kind === 'dense' ? speedup : speedupMax))),
      denseMilliseconds: median(measured.map(({ denseMilliseconds }) => denseMilliseconds)),
      sparseMilliseconds: median(measured.map(({ sparseMilliseconds }) => sparseMilliseconds)),
    }));
}

/** The batch sizes that some cell was measured at, ascending. */
export function batchSizesOf(cells: readonly { readonly speedups: readonly Speedup[] }[]): number[] {
  const sizes = new Set(cells.flatMap((cell) => cell.speedups.map(({ batchSize }) => batchSize)));
  return [...sizes].sort((a, b) => a - b);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
