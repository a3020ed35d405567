// The thread count never changes a bit of a result.
import { createHash } from 'node:crypto';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { setThreads } from '../src/index.ts';
import { randomTensor, useNative } from './support.ts';

test.before(() => useNative());

const kernel = (name: string, inputs: object, attrs: object) =>
  tf.engine().runKernel(name, inputs as never, attrs as never) as unknown as tf.Tensor[];

const gradientsOf = (op: (...inputs: tf.Tensor[]) => tf.Tensor, inputs: tf.Tensor[]): tf.Tensor[] =>
  tf.grads((...tensors: tf.Tensor[]) => {
    const y = op(...tensors);
    return tf.sum(tf.mul(y, randomTensor(y.shape, 99)));
  })(inputs);

const convolution = (x: number[], filter: number[], strides: number, pad: 'same' | 'valid') => () => {
  const op = (a: tf.Tensor, f: tf.Tensor) => tf.conv2d(a as tf.Tensor4D, f as tf.Tensor4D, strides, pad);
  const inputs = [randomTensor(x, 1), randomTensor(filter, 2)];
  return [op(inputs[0]!, inputs[1]!), ...gradientsOf(op as never, inputs)];
};

const digest = (values: NodeJS.TypedArray) => createHash('sha256').update(values).digest('hex');

const computations: Record<string, () => tf.Tensor[]> = {
  'matrix product': () => [tf.matMul(randomTensor([128, 301], 1), randomTensor([301, 333], 2))],
  'transposed product': () => [tf.matMul(randomTensor([700, 130], 1), randomTensor([200, 700], 2), true, true)],
  'Winograd convolution': convolution([9, 11, 11, 24], [3, 3, 24, 33], 1, 'same'),
  'Winograd convolution of many channels': convolution([5, 6, 6, 180], [3, 3, 180, 170], 1, 'same'),
  'direct convolution': convolution([9, 12, 12, 8], [5, 5, 8, 20], 2, 'same'),
  'scattered input gradient': convolution([9, 12, 12, 20], [5, 5, 20, 50], 1, 'valid'),
  'direct convolution of many weights': convolution([4, 5, 5, 160], [3, 3, 160, 420], 2, 'same'),
  reductions: () => [
    tf.sum(randomTensor([300000], 1)),
    tf.sum(randomTensor([20000, 17], 1), 0),
    tf.mean(randomTensor([40, 30, 70], 1), [0, 1]),
  ],
  'max pooling': () => {
    const op = (x: tf.Tensor) => tf.maxPool(x as tf.Tensor4D, 3, 2, 'same');
    return [op(randomTensor([20, 15, 15, 20], 1)), ...gradientsOf(op as never, [randomTensor([20, 15, 15, 20], 1)])];
  },
  'batch norm': () => {
    const x = randomTensor([16, 30, 30, 20], 1);
    const [gamma, beta] = [randomTensor([20], 2), randomTensor([20], 3)];
    const options = { epsilon: 1e-3, relu: true };
    const [y, mean, variance] = kernel('BatchNormTraining', { x, gamma, beta }, options) as [
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
    ];
    const saved = { dy: randomTensor(x.shape, 4), x, y, gamma, mean, variance };
    return [y, mean, variance, ...kernel('BatchNormTrainingGrad', saved, { ...options, residual: false })];
  },
  'softmax cross-entropy': () => {
    const labels = tf.tensor1d(
      Int32Array.from({ length: 3000 }, (_, i) => i % 10),
      'int32',
    );
    return kernel('SoftmaxCrossEntropy', { logits: randomTensor([3000, 10], 1), labels }, {});
  },
};

for (const [name, compute] of Object.entries(computations)) {
  test(`${name}: the same bits with 1, 2, 3 and 5 threads`, (t) => {
    const [expected, ...others] = [1, 2, 3, 5].map((threads) => {
      setThreads(threads);
      return tf.tidy(() => compute().map((tensor) => tensor.dataSync()));
    });
    for (const other of others) t.deepEqual(other.map(digest), expected!.map(digest));
  });
}
