import type { Thread, Values } from './thread.ts';

/*
 * Kernels in GPU.js's subset of JavaScript: each computes one element of its output, and is translated into WebGPU, WebGL,
 * WebAssembly or plain JavaScript from its source text. All of them gather, so no two threads write the same place. Batches are
 * the innermost axis: neighbouring threads use the same weight and neighbouring inputs.
 *
 * Every number is a float, the one type that all modes take: counters that start at a value from memory too (WGSL has no ++ for
 * floats, hence += 1), and indices, which are exact up to 2^24.
 */

/**
 * floor(a / b) for whole numbers a >= 0 or < 0 and b > 0: a GPU's division may be off by an ulp, so the result is put right by
 * products, which are exact.
 */
export function quotient(a: number, b: number): number {
  let q = Math.floor(a / b);
  if (q * b > a) {
    q -= 1;
  }
  if ((q + 1) * b <= a) {
    q += 1;
  }
  return q;
}

/** y[row, n] = relu?(bias[row] + sum of values[i] x[columns[i], n]): output [rows * n]. */
export function csrTimesDense(
  this: Thread<'n' | 'relu'>,
  rowStarts: Values,
  columns: Values,
  values: Values,
  bias: Values,
  x: Values,
): number {
  const row = quotient(this.thread.x, this.constants.n);
  const n = this.thread.x - row * this.constants.n;
  const end = rowStarts[row + 1];
  let sum = bias[row];
  for (let i = rowStarts[row]; i < end; i += 1) {
    sum += values[i] * x[columns[i] * this.constants.n + n];
  }
  if (this.constants.relu === 1 && sum < 0) {
    sum = 0;
  }
  return sum;
}

/** The product with a transposed pattern whose weights stand at places[i] of `values`: output [rows * n]. */
export function transposedTimesDense(
  this: Thread<'n'>,
  rowStarts: Values,
  columns: Values,
  places: Values,
  values: Values,
  x: Values,
): number {
  const row = quotient(this.thread.x, this.constants.n);
  const n = this.thread.x - row * this.constants.n;
  const end = rowStarts[row + 1];
  let sum = 0;
  for (let i = rowStarts[row]; i < end; i += 1) {
    sum += values[places[i]] * x[columns[i] * this.constants.n + n];
  }
  return sum;
}

/** out[i] = a[rows[i], :] . b[columns[i], :]: output [kept positions]. */
export function sampledProduct(this: Thread<'n'>, rows: Values, columns: Values, a: Values, b: Values): number {
  const left = rows[this.thread.x] * this.constants.n;
  const right = columns[this.thread.x] * this.constants.n;
  let sum = 0;
  for (let n = 0; n < this.constants.n; n++) {
    sum += a[left + n] * b[right + n];
  }
  return sum;
}

/** The gradient of a ReLU's input: dy where the ReLU let something through. */
export function reluGradient(this: Thread<never>, dy: Values, y: Values): number {
  let gradient = 0;
  if (y[this.thread.x] > 0) {
    gradient = dy[this.thread.x];
  }
  return gradient;
}
