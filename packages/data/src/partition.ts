import { randomStream } from '@prunebench/core';
import { classCounts } from './labels.ts';

/**
 * The root of the one permutation by which every training set is cut. It is not a trial's seed: all trials of all
 * benchmarks share their validation and calibration examples, and no seed ever trains on another seed's validation.
 */
const PARTITION_SEED = 1990;

/** Sizes of the parts that are carved out of a training set. */
export interface PartitionSizes {
  readonly validation: number;
  readonly calibration: number;
}

/** Row numbers of each part, rising; together every row exactly once. */
export interface Partition {
  readonly train: Uint32Array;
  readonly validation: Uint32Array;
  readonly calibration: Uint32Array;
}

/**
 * Cuts the rows with these labels into train, validation and calibration, each with the classes in the proportions of
 * the whole (to one example).
 */
export function partition(labels: ArrayLike<number>, classes: number, sizes: PartitionSizes): Partition {
  const counts = classCounts(labels, classes);
  const validationShares = proportionalShares(counts, sizes.validation);
  const calibrationShares = proportionalShares(counts, sizes.calibration);
  const parts: Record<keyof Partition, number[]> = { train: [], validation: [], calibration: [] };
  const random = randomStream(PARTITION_SEED, 'partition');
  rowsByClass(labels, counts).forEach((rows, k) => {
    const shuffled = [...random.fork(`class-${k}`).permutation(rows.length)].map((i) => rows[i]);
    const calibrationStart = validationShares[k];
    const trainStart = calibrationStart + calibrationShares[k];
    parts.validation.push(...shuffled.slice(0, calibrationStart));
    parts.calibration.push(...shuffled.slice(calibrationStart, trainStart));
    parts.train.push(...shuffled.slice(trainStart));
  });
  return {
    train: Uint32Array.from(parts.train).sort(),
    validation: Uint32Array.from(parts.validation).sort(),
    calibration: Uint32Array.from(parts.calibration).sort(),
  };
}

function rowsByClass(labels: ArrayLike<number>, counts: readonly number[]): Uint32Array[] {
  const rows = counts.map((count) => new Uint32Array(count));
  const filled = new Uint32Array(counts.length);
  for (let row = 0; row < labels.length; row++) rows[labels[row]][filled[labels[row]]++] = row;
  return rows;
}

/** Whole shares of `total` in proportion to `counts`, by largest remainder; ties go to the lower class. */
export function proportionalShares(counts: readonly number[], total: number): number[] {
  const sum = counts.reduce((a, b) => a + b, 0);
  const exact = counts.map((count) => (count * total) / sum);
  const shares = exact.map(Math.floor);
  const missing = total - shares.reduce((a, b) => a + b, 0);
  const byRemainder = exact.map((share, k) => ({ k, remainder: share - shares[k] }));
  byRemainder.sort((a, b) => b.remainder - a.remainder || a.k - b.k);
  for (const { k } of byRemainder.slice(0, missing)) shares[k]++;
  return shares;
}

/** What the partition depends on besides the labels: a part of a dataset's checksum. */
export function partitionRecipe(sizes: PartitionSizes): Readonly<Record<string, unknown>> {
  return { seed: PARTITION_SEED, stratified: true, ...sizes };
}
