import { type SpeedRecord, STEADY_SPREAD, type TrialRecord } from '@prunebench/core';

export type Baseline = 'compiled' | 'uncompiled';

type Timing = SpeedRecord['batches'][number];

/** Measured speed-up of a cell at one batch size, over the seeds that were timed. */
export interface Speedup {
  readonly batchSize: number;
  readonly seeds: number;
  /** Dense time / time of the pruned network: the median over seeds of each seed's median over rounds. */
  readonly median: number;
  /** From the lowest to the highest of any seed: of its quartiles, or of its rounds where the records do not hold quartiles. */
  readonly low: number;
  readonly high: number;
  /** What low and high are; `none` where every seed ran fastest on the dense kernels, so that its speed-up is one by definition. */
  readonly range: 'quartiles' | 'rounds' | 'none';
  /** What "dense" is: the network compiled with nothing pruned, or (records of earlier versions) the network as it is evaluated. */
  readonly baseline: Baseline;
  /** Median milliseconds of a batch, dense and pruned. */
  readonly denseMilliseconds: number;
  readonly sparseMilliseconds: number;
}

/** How many timings of a cell at one batch size are not shown, of how many. */
export interface Withheld {
  readonly batchSize: number;
  readonly timings: number;
  readonly of: number;
}

/**
 * A network's records with those measurements alone that can be compared: where some are against the compiled network, not those against the
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

/**
 * Gathers measurements of several seeds, in ascending order of batch sizes. Timings that scatter too widely (`STEADY_SPREAD`) are
 * left out and counted; a batch size of which none is left has no speed-up.
 */
export function gatherSpeedups(records: readonly SpeedRecord[]): {
  readonly speedups: readonly Speedup[];
  readonly withheld: readonly Withheld[];
} {
  const baseline: Baseline = records[0]?.baseline ?? 'uncompiled';
  const batches = [
    ...Map.groupBy(
      records.flatMap(({ batches: each }) => each),
      ({ batchSize }) => batchSize,
    ),
  ].sort(([a], [b]) => a - b);
  return {
    speedups: batches.flatMap(([batchSize, timings]) => {
      const kept = timings.filter((timing) => !scattersWidely(timing));
      return kept.length === 0 ? [] : [over(batchSize, kept, baseline)];
    }),
    withheld: batches.flatMap(([batchSize, timings]) => {
      const left = timings.filter(scattersWidely).length;
      return left === 0 ? [] : [{ batchSize, timings: left, of: timings.length }];
    }),
  };
}

function over(batchSize: number, timings: readonly Timing[], baseline: Baseline): Speedup {
  const measured = timings.filter((timing) => !isByDefinition(timing));
  const range = measured.every(hasQuartiles) ? 'quartiles' : 'rounds';
  const ranges = timings.map((timing) => rangeOf(timing, range));
  return {
    batchSize,
    seeds: timings.length,
    median: median(timings.map(({ speedup }) => speedup)),
    low: Math.min(...ranges.map(({ low }) => low)),
    high: Math.max(...ranges.map(({ high }) => high)),
    range: measured.length === 0 ? 'none' : range,
    baseline,
    denseMilliseconds: median(timings.map(({ denseMilliseconds }) => denseMilliseconds)),
    sparseMilliseconds: median(timings.map(({ sparseMilliseconds }) => sparseMilliseconds)),
  };
}

function scattersWidely(timing: Timing): boolean {
  const { low, high } = rangeOf(timing, hasQuartiles(timing) ? 'quartiles' : 'rounds');
  // Not `>`: a range that is no number is not believed either.
  return !(high <= STEADY_SPREAD * low);
}

function hasQuartiles({ speedupQ1, speedupQ3 }: Timing): boolean {
  return speedupQ1 !== undefined && speedupQ3 !== undefined;
}

/** Where both networks run on the same dense kernels the ratio is 1, and what rounds say is noise. */
function isByDefinition({ kind, speedup }: Timing): boolean {
  return kind === 'dense' && speedup === 1;
}

function rangeOf(timing: Timing, range: 'quartiles' | 'rounds'): { low: number; high: number } {
  if (isByDefinition(timing)) return { low: 1, high: 1 };
  const { speedupMin, speedupMax, speedupQ1, speedupQ3 } = timing;
  return range === 'quartiles' ? { low: speedupQ1!, high: speedupQ3! } : { low: speedupMin, high: speedupMax };
}

/** The batch sizes that some cell was measured at, ascending; those that nothing is shown of included. */
export function batchSizesOf(
  cells: readonly { readonly speedups: readonly Speedup[]; readonly withheld: readonly Withheld[] }[],
): number[] {
  const sizes = cells.flatMap(({ speedups, withheld }) => [...speedups, ...withheld]);
  return [...new Set(sizes.map(({ batchSize }) => batchSize))].sort((a, b) => a - b);
}

/** How many timings of several cells are withheld, of how many, for the caption; undefined where none is. */
export function withheldNote(
  cells: readonly { readonly speedups: readonly Speedup[]; readonly withheld: readonly Withheld[] }[],
): string | undefined {
  const withheld = cells.flatMap((cell) => cell.withheld).reduce((sum, { timings }) => sum + timings, 0);
  if (withheld === 0) return undefined;
  const shown = cells.flatMap(({ speedups }) => speedups).reduce((sum, { seeds }) => sum + seeds, 0);
  return `${withheld} of ${withheld + shown} timings are withheld: the highest of their range is more than ${STEADY_SPREAD} times the lowest.`;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
