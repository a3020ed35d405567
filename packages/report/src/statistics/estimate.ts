import { studentQuantile } from './student.ts';

/** A mean over seeds with its 95 % interval. */
export interface Estimate {
  /** How many seeds. */
  readonly n: number;
  readonly mean: number;
  /** Sample standard deviation (n - 1); null for a single seed. */
  readonly sd: number | null;
  /**
   * Ends of the two-sided 95 % interval mean -+ t(0.975, n - 1) sd / sqrt(n), cut at the bounds of what is measured;
   * null for a single seed.
   */
  readonly low: number | null;
  readonly high: number | null;
}

/** The least and the greatest value that a quantity can have. */
export type Bounds = readonly [number, number];

export const PERCENT: Bounds = [0, 100];
const UNBOUNDED: Bounds = [-Infinity, Infinity];

/**
 * Student's interval for the mean of `values`, cut at `bounds`; null when there is none. The true mean lies within the bounds,
 * so that the cut interval covers it exactly as often as the whole one.
 */
export function estimate(values: readonly number[], [least, most]: Bounds = UNBOUNDED): Estimate | null {
  const n = values.length;
  if (n === 0) return null;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  if (n === 1) return { n, mean, sd: null, low: null, high: null };
  const sd = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1));
  const half = studentHalf(n, sd);
  return { n, mean, sd, low: Math.max(least, mean - half), high: Math.min(most, mean + half) };
}

/** Half the width of Student's interval: what is printed after the plus-minus sign; null for a single seed and where a bound cut the interval. */
export function halfWidth({ n, mean, sd, low, high }: Estimate): number | null {
  if (sd === null) return null;
  const half = studentHalf(n, sd);
  return low === mean - half && high === mean + half ? half : null;
}

function studentHalf(n: number, sd: number): number {
  return (studentQuantile(0.975, n - 1) * sd) / Math.sqrt(n);
}
