/*
 * Kernels in GPU.js's subset of JavaScript: each computes one element of its output, and is translated into WebGPU, WebGL,
 * WebAssembly or plain JavaScript from its source text. Counters that begin at a value from memory are floats there, and WGSL has no
 * ++ for floats. Loops are gathers only, so that no two threads write the same place.
 * Batches are the innermost axis: neighbouring threads use the same weight and neighbouring inputs.
 */

/** What GPU.js gives a kernel as `this`. */
interface Thread<Constants> {
  readonly thread: { readonly x: number };
  readonly constants: Constants;
}

type Numbers = ArrayLike<number>;

/** y[row, n] = relu?(bias[row] + sum of values[i] x[columns[i], n]): output [rows * n]. */
export function csrTimesDenseKernel(
  this: Thread<{ n: number; relu: number }>,
  rowStarts: Numbers,
  columns: Numbers,
  values: Numbers,
  bias: Numbers,
  x: Numbers,
): number {
  const row = Math.floor(this.thread.x / this.constants.n);
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
export function transposedTimesDenseKernel(
  this: Thread<{ n: number }>,
  rowStarts: Numbers,
  columns: Numbers,
  places: Numbers,
  values: Numbers,
  x: Numbers,
): number {
  const row = Math.floor(this.thread.x / this.constants.n);
  const n = this.thread.x - row * this.constants.n;
  const end = rowStarts[row + 1];
  let sum = 0;
  for (let i = rowStarts[row]; i < end; i += 1) {
    sum += values[places[i]] * x[columns[i] * this.constants.n + n];
  }
  return sum;
}

/** out[i] = a[rows[i], :] . b[columns[i], :]: output [kept positions]. */
export function sampledProductKernel(
  this: Thread<{ n: number }>,
  rows: Numbers,
  columns: Numbers,
  a: Numbers,
  b: Numbers,
): number {
  const left = rows[this.thread.x] * this.constants.n;
  const right = columns[this.thread.x] * this.constants.n;
  let sum = 0;
  for (let n = 0; n < this.constants.n; n++) {
    sum += a[left + n] * b[right + n];
  }
  return sum;
}

/**
 * A convolution over planes with zero padding: output [filters * rows * pitch * n], zero outside of the image. An input lies
 * offsets[i] elements behind its window's corner.
 */
export function sparseConvolutionKernel(
  this: Thread<{
    n: number;
    relu: number;
    outRows: number;
    outPitch: number;
    top: number;
    left: number;
    height: number;
    width: number;
    inPitch: number;
    corner: number;
    strideY: number;
    strideX: number;
  }>,
  rowStarts: Numbers,
  offsets: Numbers,
  values: Numbers,
  bias: Numbers,
  x: Numbers,
): number {
  const cell = Math.floor(this.thread.x / this.constants.n);
  const n = this.thread.x - cell * this.constants.n;
  const line = Math.floor(cell / this.constants.outPitch);
  const column = cell - line * this.constants.outPitch - this.constants.left;
  const filter = Math.floor(line / this.constants.outRows);
  const row = line - filter * this.constants.outRows - this.constants.top;
  let sum = 0;
  if (row >= 0 && row < this.constants.height && column >= 0 && column < this.constants.width) {
    const pixel = row * this.constants.strideY * this.constants.inPitch + column * this.constants.strideX;
    const corner = (pixel + this.constants.corner) * this.constants.n + n;
    const end = rowStarts[filter + 1];
    sum = bias[filter];
    for (let i = rowStarts[filter]; i < end; i += 1) {
      sum += values[i] * x[corner + offsets[i]];
    }
    if (this.constants.relu === 1 && sum < 0) {
      sum = 0;
    }
  }
  return sum;
}
