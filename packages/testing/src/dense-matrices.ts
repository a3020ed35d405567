import { type RandomStream, randomStream } from '@prunebench/core';

// Textbook linear algebra on arrays of rows, for checks against the library's flat and blocked forms.

export type Rows = number[][];

export function randomRows(rows: number, columns: number, seed = 1, deviation = 1): Rows {
  const stream: RandomStream = randomStream(seed, 'matrix');
  return Array.from({ length: rows }, () => Array.from({ length: columns }, () => stream.normal(0, deviation)));
}

export function transpose(a: Rows): Rows {
  return a[0].map((_, j) => a.map((row) => row[j]));
}

export function product(a: Rows, b: Rows): Rows {
  return a.map((row) => b[0].map((_, j) => row.reduce((sum, value, k) => sum + value * b[k][j], 0)));
}

/** XᵀX / divisor + damping I */
export function gram(x: Rows, divisor: number, damping: number): Rows {
  return product(transpose(x), x).map((row, i) => row.map((value, j) => value / divisor + (i === j ? damping : 0)));
}

/** Gauss-Jordan elimination with partial pivoting. */
export function inverse(a: Rows): Rows {
  const n = a.length;
  const work = a.map((row, i) => [...row, ...row.map((_, j) => (i === j ? 1 : 0))]);
  for (let c = 0; c < n; c++) {
    let pivot = c;
    for (let r = c + 1; r < n; r++) if (Math.abs(work[r][c]) > Math.abs(work[pivot][c])) pivot = r;
    [work[c], work[pivot]] = [work[pivot], work[c]];
    const scale = work[c][c];
    work[c] = work[c].map((value) => value / scale);
    for (let r = 0; r < n; r++) {
      if (r === c) continue;
      const factor = work[r][c];
      work[r] = work[r].map((value, j) => value - factor * work[c][j]);
    }
  }
  return work.map((row) => row.slice(n));
}

export function solve(a: Rows, b: readonly number[]): number[] {
  return product(
    inverse(a),
    b.map((value) => [value]),
  ).map(([value]) => value);
}

export function flat(a: Rows): Float64Array {
  return Float64Array.from(a.flat());
}

/** ½ dᵀ H d */
export function quadratic(h: Rows, d: readonly number[]): number {
  return d.reduce((sum, di, i) => sum + (di * h[i].reduce((total, value, j) => total + value * d[j], 0)) / 2, 0);
}

/**
 * The least increase ½ dᵀHd over all moves d that bring the weights in `removed` to 0, and that move; by solving for the others.
 */
export function bestMove(
  h: Rows,
  weights: readonly number[],
  removed: readonly number[],
): { loss: number; move: number[] } {
  const kept = weights.map((_, i) => i).filter((i) => !removed.includes(i));
  const move = weights.map((w, i) => (removed.includes(i) ? -w : 0));
  if (kept.length > 0) {
    const right = kept.map((k) => removed.reduce((sum, q) => sum + h[k][q] * weights[q], 0));
    for (const [i, value] of solve(
      kept.map((k) => kept.map((l) => h[k][l])),
      right,
    ).entries())
      move[kept[i]] = value;
  }
  return { loss: quadratic(h, move), move };
}

/** All subsets of 0 ... n - 1 with k elements. */
export function subsets(n: number, k: number, from = 0): number[][] {
  if (k === 0) return [[]];
  const result = [];
  for (let first = from; first <= n - k; first++)
    for (const rest of subsets(n, k - 1, first + 1)) result.push([first, ...rest]);
  return result;
}
