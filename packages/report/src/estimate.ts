import quantile from '@stdlib/stats-base-dists-t-quantile';

/** A mean over seeds with its 95 % interval. */
export interface Estimate {
  /** How many seeds. */
  readonly n: number;
  readonly mean: number;
  /** Sample standard deviation (n - 1); null for a single seed. */
  readonly sd: number | null;
  /** Ends of the two-sided 95 % interval mean -+ t(0.975, n - 1) sd / sqrt(n); null for a single seed. */
  readonly low: number | null;
  readonly high: number | null;
}

/** Student's interval for the mean of `values`; null when there is none. */
export function estimate(values: readonly number[]): Estimate | null {
  const n = values.length;
  if (n === 0) return null;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  if (n === 1) return { n, mean, sd: null, low: null, high: null };
  const sd = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1));
  const half = (quantile(0.975, n - 1) * sd) / Math.sqrt(n);
  return { n, mean, sd, low: mean - half, high: mean + half };
}

/** Half the width of the interval: what is printed after the plus-minus sign. */
export function halfWidth({ mean, high }: Estimate): number | null {
  return high === null ? null : high - mean;
}
