// GPU.js kernels in every mode that this machine has, against loops in float64.
import { relativeError } from '@prunebench/testing';
import test from 'ava';
import type { Product } from '../src/graph/operations.ts';
import { csrFromKernel, eachWeight, gpuModes, provideNavigatorGpu, SparseGpu } from '../src/index.ts';
import type { Plane } from '../src/plan/layout.ts';
import { randomValues } from './support.ts';

await provideNavigatorGpu();
const modes = (await gpuModes()).filter(({ available }) => available).map(({ mode }) => mode);

const BOUND = 5e-6;

function randomCsr(rows: number, columns: number, density: number) {
  const mask = Uint8Array.from(randomValues(rows * columns, 1), (value) => (value < 2 * density - 1 ? 1 : 0));
  return csrFromKernel({ shape: [columns, rows], values: randomValues(rows * columns, 2) }, mask);
}

test('WebAssembly and plain JavaScript are always there', (t) => {
  t.true(modes.includes('webasm'));
  t.true(modes.includes('cpu'));
});

for (const mode of modes) {
  test.serial(`${mode}: product with bias and ReLU, transposed product, sampled product`, async (t) => {
    const gpu = new SparseGpu(mode);
    for (const [rows, columns, n, density] of [
      [30, 50, 16, 0.2],
      [7, 9, 3, 1],
      [5, 6, 4, 0],
    ]) {
      const matrix = randomCsr(rows, columns, density);
      const [x, dy, bias] = [randomValues(columns * n, 3), randomValues(rows * n, 4), randomValues(rows, 5)];
      const y = Float64Array.from({ length: rows * n }, (_, i) => bias[Math.floor(i / n)]);
      const dx = new Float64Array(columns * n);
      const dw = new Float64Array(matrix.values.length);
      eachWeight(matrix, (row, column, value, index) => {
        for (let k = 0; k < n; k++) {
          y[row * n + k] += value * x[column * n + k];
          dx[column * n + k] += value * dy[row * n + k];
          dw[index] += dy[row * n + k] * x[column * n + k];
        }
      });
      const name = `${rows} x ${columns} times ${n} at density ${density}`;
      const product = await gpu.read(await gpu.product(matrix, n, { bias, relu: true })(x));
      t.true(
        relativeError(
          product,
          y.map((value) => Math.max(0, value)),
        ) < BOUND,
        name,
      );
      t.true(relativeError(await gpu.read(await gpu.transposedProduct(matrix, n)(dy)), dx) < BOUND, name);
      t.true(relativeError(await gpu.read(await gpu.sampledProduct(matrix, n)(dy, x)), dw) < BOUND, name);
    }
    await gpu.dispose();
  });

  test.serial(`${mode}: two layers in a row, the result of the first staying where it is`, async (t) => {
    const gpu = new SparseGpu(mode);
    const n = 8;
    const [first, second] = [randomCsr(20, 30, 0.3), randomCsr(6, 20, 0.5)];
    const x = randomValues(30 * n, 6);
    const hidden = new Float64Array(20 * n);
    eachWeight(first, (row, column, value) => {
      for (let k = 0; k < n; k++) hidden[row * n + k] += value * x[column * n + k];
    });
    const expected = new Float64Array(6 * n);
    eachWeight(second, (row, column, value) => {
      for (let k = 0; k < n; k++) expected[row * n + k] += value * Math.max(0, hidden[column * n + k]);
    });
    const one = gpu.product(first, n, { relu: true });
    const two = gpu.product(second, n);
    t.true(relativeError(await gpu.read(await two(await one(x))), expected) < BOUND);
    await gpu.dispose();
  });

  test.serial(`${mode}: convolution with padding, stride and dilation`, async (t) => {
    const gpu = new SparseGpu(mode);
    for (const [stride, dilation] of [
      [1, 1],
      [2, 1],
      [1, 2],
    ])
      t.true((await convolutionError(gpu, stride, dilation)) < BOUND, `stride ${stride}, dilation ${dilation}`);
    await gpu.dispose();
  });
}

/** A 3 x 3 convolution of 4 images [6, 5, 3] to 4 filters, padding as wide as the dilation, written into padded planes. */
async function convolutionError(gpu: SparseGpu, stride: number, dilation: number): Promise<number> {
  const [n, channels, filters, height, width] = [4, 3, 4, 6, 5];
  const [outHeight, outWidth] = [Math.ceil(height / stride), Math.ceil(width / stride)];
  const pad = dilation;
  const weights = randomCsr(filters, 9 * channels, 0.4);
  const bias = randomValues(filters, 7);
  const product: Product = {
    kind: 'product',
    name: 'conv',
    input: 0,
    output: 1,
    weights,
    bias,
    window: { size: [3, 3], strides: [stride, stride], dilation: [dilation, dilation], top: pad, left: pad },
    groups: 1,
    residual: undefined,
    relu: true,
  };
  const input: Plane = { channels, height, width, rows: height + 4, pitch: width + 5, top: 2, left: 2 };
  const output: Plane = {
    channels: filters,
    height: outHeight,
    width: outWidth,
    rows: outHeight + 2,
    pitch: outWidth + 3,
    top: 1,
    left: 1,
  };
  const x = new Float32Array(channels * input.rows * input.pitch * n);
  const place = (plane: Plane, c: number, y: number, column: number, k: number) =>
    ((c * plane.rows + y + plane.top) * plane.pitch + column + plane.left) * n + k;
  const pixels = randomValues(channels * height * width * n, 8);
  let next = 0;
  for (let c = 0; c < channels; c++)
    for (let y = 0; y < height; y++)
      for (let column = 0; column < width; column++)
        for (let k = 0; k < n; k++) x[place(input, c, y, column, k)] = pixels[next++];
  const expected = new Float64Array(filters * output.rows * output.pitch * n);
  for (let f = 0; f < filters; f++)
    for (let y = 0; y < outHeight; y++)
      for (let column = 0; column < outWidth; column++)
        for (let k = 0; k < n; k++) {
          let sum = bias[f];
          for (let i = weights.rowStarts[f]; i < weights.rowStarts[f + 1]; i++) {
            const c = weights.columnIndices[i] % channels;
            const tap = Math.floor(weights.columnIndices[i] / channels);
            const row = y * stride + Math.floor(tap / 3) * dilation - pad;
            const at = column * stride + (tap % 3) * dilation - pad;
            if (row >= 0 && row < height && at >= 0 && at < width)
              sum += weights.values[i] * x[place(input, c, row, at, k)];
          }
          expected[place(output, f, y, column, k)] = Math.max(0, sum);
        }
  return relativeError(await gpu.read(await gpu.convolution(product, input, output, n)(x)), expected);
}
