/**
 * The fused kernels' contracts in plain float64 loops, gradients by central differences: what the composed versions are
 * compared with, and what stands in for a backend's own kernels.
 */
export interface BatchNormInput {
  readonly x: readonly number[];
  readonly gamma: readonly number[];
  readonly beta: readonly number[];
  readonly residual?: readonly number[] | undefined;
}

export function batchNorm(
  { x, gamma, beta, residual }: BatchNormInput,
  { epsilon, relu }: { epsilon: number; relu: boolean },
): { y: number[]; mean: number[]; variance: number[] } {
  const channels = gamma.length;
  const rows = x.length / channels;
  const mean = gamma.map((_, c) => x.reduce((sum, v, i) => (i % channels === c ? sum + v : sum), 0) / rows);
  const variance = gamma.map(
    (_, c) => x.reduce((sum, v, i) => (i % channels === c ? sum + (v - mean[c]) ** 2 : sum), 0) / rows,
  );
  const y = x.map((v, i) => {
    const c = i % channels;
    const sum = (gamma[c] * (v - mean[c])) / Math.sqrt(variance[c] + epsilon) + beta[c] + (residual?.[i] ?? 0);
    return relu ? Math.max(0, sum) : sum;
  });
  return { y, mean, variance };
}

export function softmaxCrossEntropy(logits: readonly number[], classes: number, labels: readonly number[]): number {
  const losses = labels.map((label, n) => {
    const row = logits.slice(n * classes, (n + 1) * classes);
    const max = Math.max(...row);
    return Math.log(row.reduce((sum, v) => sum + Math.exp(v - max), 0)) + max - row[label];
  });
  return losses.reduce((a, b) => a + b, 0) / labels.length;
}

/** Gradient of `f` at `at` by central differences, in float64. */
export function numericGradient(
  f: (values: readonly number[]) => number,
  at: readonly number[],
  step = 1e-5,
): number[] {
  return at.map((value, i) => (f(at.with(i, value + step)) - f(at.with(i, value - step))) / (2 * step));
}

export const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((sum, v, i) => sum + v * b[i], 0);

/** Largest difference, relative to the largest reference value. */
export function relativeError(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (found.length !== expected.length) return Number.POSITIVE_INFINITY;
  const reference = Array.from(expected);
  const scale = Math.max(1e-30, ...reference.map(Math.abs));
  return Math.max(0, ...reference.map((v, i) => Math.abs(found[i] - v))) / scale;
}
