// Rewrites of captured steps: which commands are left, and the bits of the eager step.
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import type { Command, Value } from '../src/capture/graph.ts';
import { optimize } from '../src/capture/optimize.ts';
import { captureStep } from '../src/index.ts';
import { randomTensor, randomValues, useNative } from './support.ts';

test.before(() => useNative());

const value = (): Value => ({ bytes: 4, external: undefined });
const [a, b, bias, product, sum, activated] = Array.from({ length: 6 }, value) as [
  Value,
  Value,
  Value,
  Value,
  Value,
  Value,
];
const command = (kernel: string, operands: (Value | null)[], numbers: number[]): Command => ({
  kernel,
  operands,
  outputs: [operands.at(-1)!],
  numbers,
});
const [rows, width] = [6, 20];
const multiply = () => command('MatMul', [a, b, null, product], [1, rows, width, 8, 0, 0, 0, 0, 0]);
const addRow = (columns: number) =>
  command('Binary', [product, bias, sum], [0, 2, (rows * width) / columns, columns, columns, 1, 0, 1]);
const relu = () => command('Unary', [sum, activated], [0, rows * width, 0]);
const kernels = (commands: Command[]) => commands.map(({ kernel }) => kernel);

test('a bias and the ReLU after it become operands of the product', (t) => {
  const [fused, ...others] = optimize([multiply(), addRow(width), relu()], [activated]);
  t.deepEqual(others, []);
  t.deepEqual(fused!.operands, [a, b, bias, activated]);
  t.is(fused!.numbers.at(-1), 1);
});

test('a bias stays apart where it is no row of the product, comes later, or the product is wanted bare', (t) => {
  t.deepEqual(kernels(optimize([multiply(), addRow(2 * width)], [sum])), ['MatMul', 'Binary']);
  t.deepEqual(kernels(optimize([multiply(), addRow(width)], [sum, product])), ['MatMul', 'Binary']);
  const late = command('Fill', [bias], [width, 1]);
  t.deepEqual(kernels(optimize([multiply(), late, addRow(width)], [sum])), ['MatMul', 'Fill', 'Binary']);
  const square = command('Binary', [product, product, activated], [2, 1, rows * width, 1, 1]);
  t.deepEqual(kernels(optimize([multiply(), addRow(width), square], [sum, activated])), ['MatMul', 'Binary', 'Binary']);
});

interface Layer {
  name: string;
  inputShape: number[];
  weightShape: number[];
  columns: number;
  product(x: tf.Tensor, weight: tf.Tensor): tf.Tensor;
}

const matMul = (x: tf.Tensor, weight: tf.Tensor) => tf.matMul(x, weight);
const convolution = (size: number, strides: number, from: number, to: number): Layer => ({
  name: `${size}x${size} convolution of ${from} channels with stride ${strides}`,
  inputShape: [2, 9, 9, from],
  weightShape: [size, size, from, to],
  columns: to,
  product: (x, weight) => tf.conv2d(x as tf.Tensor4D, weight as tf.Tensor4D, strides, 'same'),
});

const layers: Layer[] = [
  { name: 'deep product', inputShape: [37, 900], weightShape: [900, 45], columns: 45, product: matMul },
  { name: 'batched product', inputShape: [3, 5, 7], weightShape: [3, 7, 18], columns: 18, product: matMul },
  { name: 'product without depth', inputShape: [4, 0], weightShape: [0, 5], columns: 5, product: matMul },
  convolution(5, 1, 3, 20),
  convolution(3, 1, 16, 24), // Winograd
  convolution(3, 2, 16, 24),
  convolution(1, 1, 16, 24),
];

for (const { name, inputShape, weightShape, columns, product } of layers) {
  test(`${name}: the bias on the way out gives the bits of an addition afterwards`, (t) => {
    const [weight, bias] = [randomTensor(weightShape, 1), randomTensor([columns], 2)];
    const values = randomValues(tf.util.sizeFromShape(inputShape), 3);
    for (const finish of [(y: tf.Tensor) => y, (y: tf.Tensor) => tf.relu(y)]) {
      const body = (x: tf.Tensor) => finish(tf.add(product(x, weight), bias));
      const expected = tf.tidy(() => body(tf.tensor(values, inputShape)).dataSync());
      const step = captureStep(([x]) => [body(x!)], [tf.zeros(inputShape)]);
      t.deepEqual(step.run(values), [expected as Float32Array]);
      step.dispose();
    }
  });
}
