import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-layers';
import { randomStream } from '@prunebench/core';
import { softmaxCrossEntropy } from '@prunebench/network';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { withKernels } from './kernels.ts';
import * as reference from './reference.ts';

const classes = 5;
const labels = [0, 4, 2, 2, 1, 3, 0];
const random = randomStream(1);
const logits = [...Float32Array.from({ length: labels.length * classes }, () => random.normal(0, 4))];

const kernel = {
  SoftmaxCrossEntropy: ({ logits, labels }: Record<string, number[]>, _: unknown, shapes: Record<string, number[]>) => {
    const loss = (values: readonly number[]) => reference.softmaxCrossEntropy(values, shapes.logits[1], labels);
    return [
      { shape: [], values: [loss(logits)] },
      { shape: shapes.logits, values: reference.numericGradient(loss, logits) },
    ];
  },
};

function check(t: import('ava').ExecutionContext) {
  tf.tidy(() => {
    const f = (x: tf.Tensor) =>
      tf.mul(softmaxCrossEntropy(x as tf.Tensor2D, tf.tensor1d(labels, 'int32')), 3) as tf.Scalar;
    const { value, grad } = tf.valueAndGrad(f)(tf.tensor2d(logits, [labels.length, classes]));
    const loss = (values: readonly number[]) => 3 * reference.softmaxCrossEntropy(values, classes, labels);
    t.true(Math.abs(value.dataSync()[0] - loss(logits)) < 1e-5);
    t.true(reference.relativeError(grad.dataSync(), reference.numericGradient(loss, logits)) < 1e-6);
  });
}

test.serial('composed: value and gradient against float64 and finite differences', check);

test.serial("with a backend's kernel: the same", (t) => {
  t.deepEqual(
    withKernels(kernel, () => check(t)),
    { SoftmaxCrossEntropy: 1 },
  );
});

test.serial('uniform logits cost ln C; huge logits neither overflow nor lose the gradient', (t) => {
  const loss = (values: number[][], y: number[]) =>
    tf.tidy(() => softmaxCrossEntropy(tf.tensor2d(values), tf.tensor1d(y, 'int32')).dataSync()[0]);
  t.true(Math.abs(loss([[7, 7, 7]], [1]) - Math.log(3)) < 1e-6);
  t.is(loss([[1e30, 0]], [0]), 0);
  t.is(
    loss(
      [
        [10000, 0],
        [0, 10000],
      ],
      [1, 1],
    ),
    5000,
  );
  const before = tf.memory().numTensors;
  tf.tidy(() => {
    const f = (x: tf.Tensor) => softmaxCrossEntropy(x as tf.Tensor2D, tf.tensor1d([1], 'int32'));
    t.deepEqual(
      [
        ...tf
          .grad(f)(tf.tensor2d([[10000, 0]]))
          .dataSync(),
      ],
      [1, -1],
    );
  });
  t.is(tf.memory().numTensors, before);
});
