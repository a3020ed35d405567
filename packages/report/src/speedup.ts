import { type SpeedRecord, STEADY_SPREAD, type TrialRecord } from '@prunebench/core';

export type Baseline = 'compiled' | 'uncompiled';

/** Measured speed-up of a cell at one batch size, over the seeds that were timed. */
export interface Speedup {
  readonly batchSize: number;
  readonly seeds: number;
  /** Dense time / time of the pruned network: the median over seeds of each seed's median over rounds. */
  readonly median: number;
  /** The slowest and the fastest round of any seed. */
  readonly low: number;
  readonly high: number;
  /** The medians over seeds of each seed's quartiles over rounds; null where a record of an earlier version does not say. */
  readonly quartiles: readonly [number, number] | null;
  /** What "dense" is: the network compiled with nothing pruned, or (records of earlier versions) the network as it is evaluated. */
  readonly baseline: Baseline;
  /** Median milliseconds of a batch, dense and pruned. */
  readonly denseMilliseconds: number;
  readonly sparseMilliseconds: number;
}

type Batch = SpeedRecord['batches'][number];

/**
 * The records with those measurements alone that can be compared: where some are against the compiled network, not those against the
 * network as it is evaluated, whose speed-up is partly compiling's.
 */
export function withComparableSpeeds(records: readonly TrialRecord[]): readonly TrialRecord[] {
  if (!records.some(({ speed }) => speed?.baseline === 'compiled')) return records;
  return records.map((record) => {
    if (record.speed === undefined || record.speed.baseline === 'compiled') return record;
    const { speed: _, ...untimed } = record;
    return untimed;
  });
}

/** Gathers measurements of several seeds, in ascending order of batch sizes; those whose rounds disagree (`STEADY_SPREAD`) are left out. */
export function speedups(records: readonly SpeedRecord[]): readonly Speedup[] {
  const baseline: Baseline = records[0]?.baseline ?? 'uncompiled';
  const steady = records.flatMap(({ batches }) => batches.filter(isSteady));
  return [...Map.groupBy(steady, ({ batchSize }) => batchSize)]
    .sort(([a], [b]) => a - b)
    .map(([batchSize, measured]) => ({
      batchSize,
      seeds: measured.length,
      median: median(measured.map(({ speedup }) => speedup)),
      low: Math.min(...measured.map((batch) => rangeOf(batch).low)),
      high: Math.max(...measured.map((batch) => rangeOf(batch).high)),
      quartiles: quartilesOf(measured),
      baseline,
      denseMilliseconds: median(measured.map(({ denseMilliseconds }) => denseMilliseconds)),
      sparseMilliseconds: median(measured.map(({ sparseMilliseconds }) => sparseMilliseconds)),
    }));
}

/** How many measurements `speedups` leaves out. */
export function disturbedCount(records: readonly SpeedRecord[]): number {
  return records.reduce((sum, { batches }) => sum + batches.filter((batch) => !isSteady(batch)).length, 0);
}

function isSteady(batch: Batch): boolean {
  const { low, high } = rangeOf(batch);
  return high <= STEADY_SPREAD * low;
}

/** Where both networks run on the same dense kernels the ratio is 1, and what rounds say is noise. */
function rangeOf({ kind, speedup, speedupMin, speedupMax }: Batch): Pick<Speedup, 'low' | 'high'> {
  return kind === 'dense' && speedup === 1 ? { low: 1, high: 1 } : { low: speedupMin, high: speedupMax };
}

function quartilesOf(measured: readonly Batch[]): Speedup['quartiles'] {
  const [q1, q3] = [measured.map(({ speedupQ1 }) => speedupQ1), measured.map(({ speedupQ3 }) => speedupQ3)];
  if (q1.includes(undefined) || q3.includes(undefined)) return null;
  return [median(q1 as number[]), median(q3 as number[])];
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
