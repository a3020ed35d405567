// The fast kernels against the plain loops in reference/, which say what they compute: one shape for each way they take.
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { csrTimesDense, registeredBackend, sampledProduct } from '../src/index.ts';
import * as batchNorm from './reference/batch-norm.ts';
import * as conv from './reference/conv.ts';
import * as gemm from './reference/mat-mul.ts';
import * as sparse from './reference/sparse-product.ts';
import { assertClose, randomValues, useNative } from './support.ts';

test.before(() => useNative());

/** Runs a kernel of the addon on arrays, and gives its outputs' values. */
function run(
  kernel: string,
  inputs: Record<string, { values: Float32Array; shape: number[] }>,
  outputs: Record<string, number[]>,
  numbers: Record<string, number | boolean>,
): Record<string, Float32Array> {
  const backend = registeredBackend();
  const tensors = Object.entries(inputs).map(([name, { values, shape }]) => [name, tf.tensor(values, shape)] as const);
  const made = Object.entries(outputs).map(([name, shape]) => [name, backend.output(shape)] as const);
  backend.invoke(kernel, Object.fromEntries([...tensors, ...made]), numbers);
  const read = made.map(([name, { dataId }]) => [name, Float32Array.from(backend.readSync(dataId) as Float32Array)]);
  for (const [, tensor] of tensors) tensor.dispose();
  for (const [, { dataId }] of made) backend.disposeData(dataId);
  return Object.fromEntries(read);
}

const BOUND = 2e-6;

// Few rows, packed and in place, several slices of K, one and two vectors of columns.
for (const [m, n, k] of [
  [1, 50, 20],
  [26, 290, 100],
  [65, 33, 256],
  [30, 289, 1700],
  [7, 10, 0],
] as const)
  test(`matrix product ${m} x ${k} x ${n}`, (t) => {
    const [a, b, bias] = [randomValues(m * k, 1), randomValues(k * n, 2), randomValues(n, 3)];
    for (const transposeA of [false, true])
      for (const transposeB of [false, true]) {
        const product = { m, n, k, transposeA, transposeB };
        const inputs = {
          a: { values: a, shape: [m * k] },
          b: { values: b, shape: [k * n] },
          bias: { values: bias, shape: [n] },
        };
        const numbers = { batch: 1, ...product, strideA: 0, strideB: 0, relu: true };
        const { out } = run('MatMul', inputs, { out: [m, n] }, numbers);
        const expected = gemm.matMul(a, b, bias, true, product);
        assertClose(t, out!, expected, BOUND, `${transposeA} ${transposeB}`);
      }
  });

const shape = { images: 2, dilationY: 1, dilationX: 1, strideY: 1, strideX: 1 };
const convolutions: Record<string, conv.Convolution> = {
  'a matrix product': {
    ...{ ...shape, height: 5, width: 6, channels: 7, outHeight: 5, outWidth: 6, outChannels: 9 },
    ...{ filterHeight: 1, filterWidth: 1, top: 0, left: 0 },
  },
  'minimal filtering': {
    ...{ ...shape, height: 7, width: 6, channels: 13, outHeight: 7, outWidth: 6, outChannels: 14 },
    ...{ filterHeight: 3, filterWidth: 3, top: 1, left: 1 },
  },
  'windows, with phases of the stride': {
    ...{
      ...shape,
      height: 9,
      width: 8,
      channels: 20,
      outHeight: 5,
      outWidth: 4,
      outChannels: 33,
      strideY: 2,
      strideX: 2,
    },
    ...{ filterHeight: 3, filterWidth: 3, top: 1, left: 0 },
  },
  'windows, dilated': {
    ...{ ...shape, height: 9, width: 8, channels: 17, outHeight: 5, outWidth: 6, outChannels: 5, dilationY: 2 },
    ...{ filterHeight: 3, filterWidth: 3, top: 0, left: 0 },
  },
  'windows, with pixels that send their share': {
    ...{ ...shape, height: 12, width: 12, channels: 1, outHeight: 8, outWidth: 8, outChannels: 6 },
    ...{ filterHeight: 5, filterWidth: 5, top: 0, left: 0 },
  },
  'windows, a filter by rows': {
    ...{
      ...shape,
      height: 4,
      width: 4,
      channels: 180,
      outHeight: 2,
      outWidth: 2,
      outChannels: 380,
      strideY: 2,
      strideX: 2,
    },
    ...{ filterHeight: 3, filterWidth: 3, top: 1, left: 1 },
  },
};

for (const [way, s] of Object.entries(convolutions))
  test(`convolution and its gradients by ${way}`, (t) => {
    const shapes = {
      x: [s.images, s.height, s.width, s.channels],
      filter: [s.filterHeight, s.filterWidth, s.channels, s.outChannels],
      y: [s.images, s.outHeight, s.outWidth, s.outChannels],
    };
    const valuesOf = (sizes: number[], seed: number) => ({
      values: randomValues(tf.util.sizeFromShape(sizes), seed),
      shape: sizes,
    });
    const [x, filter, dy] = [valuesOf(shapes.x, 1), valuesOf(shapes.filter, 2), valuesOf(shapes.y, 3)];
    const numbers = { ...s };
    const { y } = run('Conv2D', { x, filter }, { y: shapes.y }, { ...numbers, relu: false });
    assertClose(t, y!, conv.convolve(s, x.values, filter.values), BOUND, 'y');
    const { dx } = run('Conv2DBackpropInput', { dy, filter }, { dx: shapes.x }, numbers);
    assertClose(t, dx!, conv.inputGradient(s, dy.values, filter.values), BOUND, 'dx');
    const { dw } = run('Conv2DBackpropFilter', { x, dy }, { dw: shapes.filter }, numbers);
    assertClose(t, dw!, conv.filterGradient(s, x.values, dy.values), BOUND, 'dw');
  });

test('batch norm and its gradient', (t) => {
  const [rows, channels, epsilon] = [700, 37, 1e-3];
  const row = [rows, channels];
  const [x, dy] = [1, 2].map((seed) => ({ values: randomValues(rows * channels, seed), shape: row }));
  const [gamma, beta] = [3, 4].map((seed) => ({ values: randomValues(channels, seed), shape: [channels] }));
  const expected = batchNorm.batchNorm(x!.values, gamma!.values, beta!.values, epsilon);
  const numbers = { rows, channels, epsilon, relu: true };
  const outputs = { y: row, mean: [channels], variance: [channels] };
  const made = run('BatchNormTraining', { x: x!, gamma: gamma!, beta: beta! }, outputs, numbers);
  for (const name of ['y', 'mean', 'variance'] as const) assertClose(t, made[name]!, expected[name], BOUND, name);

  const { y, mean, variance } = made;
  const saved = {
    y: { values: y!, shape: row },
    mean: { values: mean!, shape: [channels] },
    variance: { values: variance!, shape: [channels] },
  };
  const gradients = batchNorm.batchNormGradient(dy!.values, x!.values, gamma!.values, expected, epsilon);
  const gradientShapes = { dx: row, dgamma: [channels], dbeta: [channels] };
  const inputs = { dy: dy!, x: x!, gamma: gamma!, ...saved };
  const madeGradients = run('BatchNormTrainingGrad', inputs, gradientShapes, numbers);
  for (const name of ['dx', 'dgamma', 'dbeta'] as const)
    assertClose(t, madeGradients[name]!, gradients[name], 1e-5, name);
});

test('products with kept weights', (t) => {
  for (const [rows, columns, n] of [
    [30, 70, 128],
    [13, 40, 37],
    [7, 5, 1],
  ] as const) {
    const draws = randomValues(rows * columns, 1);
    const places = Array.from(draws.keys()).filter((i) => draws[i]! < -0.4);
    const starts = Int32Array.from({ length: rows + 1 }, (_, row) => places.filter((i) => i < row * columns).length);
    const matrix = {
      starts,
      columns: Int32Array.from(places, (i) => i % columns),
      values: randomValues(places.length, 2),
    };
    const [x, a, bias] = [randomValues(columns * n, 3), randomValues(rows * n, 4), randomValues(rows, 5)];
    const csr = { rows, columns, rowStarts: starts, columnIndices: matrix.columns, values: matrix.values };
    const y = new Float32Array(rows * n);
    csrTimesDense(csr, x, n, y, { bias, relu: true });
    assertClose(t, y, sparse.csrTimesDense(matrix, x, n, bias), BOUND, `product of ${rows} x ${columns} x ${n}`);
    const out = new Float32Array(places.length);
    sampledProduct(csr, a, x, n, out);
    assertClose(
      t,
      out,
      sparse.sampledProduct(matrix, a, x, n),
      BOUND,
      `sampled product of ${rows} x ${columns} x ${n}`,
    );
  }
});
