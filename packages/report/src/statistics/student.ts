/// <reference path="./cephes.d.ts" />
import { compiled, stdtr, stdtri } from 'cephes';

// The library is WebAssembly, which is there once it has been compiled.
await compiled;

/** The quantile of Student's distribution with that many degrees of freedom. */
export function studentQuantile(probability: number, degrees: number): number {
  return stdtri(degrees, probability);
}

/** Two-sided p of Student's t-test that the mean of two or more values, which are not all equal, is 0. */
export function studentP(values: readonly number[]): number {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  return 2 * stdtr(n - 1, -Math.abs(mean) / Math.sqrt(variance / n));
}
