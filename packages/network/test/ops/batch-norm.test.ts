import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-layers';
import { randomStream } from '@prunebench/core';
import { batchNormTraining } from '@prunebench/network';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { batchNormKernels, withKernels } from './kernels.ts';
import { type BatchNormInput, batchNorm, dot, numericGradient, relativeError } from './reference.ts';

const cases = [
  { shape: [7, 3], relu: false, residual: false },
  { shape: [2, 3, 2, 5], relu: true, residual: false },
  { shape: [3, 2, 2, 4], relu: false, residual: true },
  { shape: [4, 3, 1, 2], relu: true, residual: true },
];
const epsilon = 1e-3;

function example(shape: readonly number[], withResidual: boolean) {
  const random = randomStream(shape.length + shape[0]);
  const size = shape.reduce((a, b) => a * b);
  // Through float32, so that both sides see the same numbers.
  const draw = (n: number, mean: number) => [...Float32Array.from({ length: n }, () => random.normal(mean, 2))];
  const channels = shape[shape.length - 1];
  const input: BatchNormInput = {
    x: draw(size, 3),
    gamma: draw(channels, 1),
    beta: draw(channels, 0),
    residual: withResidual ? draw(size, 0) : undefined,
  };
  return { input, weights: draw(size, 0) };
}

/** Value and gradients of sum(weights * y) from the code under test. */
function computed({ shape, relu }: (typeof cases)[number], { input, weights }: ReturnType<typeof example>) {
  return tf.tidy(() => {
    const toTensor = (values: readonly number[], s: readonly number[]) => tf.tensor([...values], [...s]);
    const channels = [shape[shape.length - 1]];
    const args = [toTensor(input.x, shape), toTensor(input.gamma, channels), toTensor(input.beta, channels)];
    if (input.residual) args.push(toTensor(input.residual, shape));
    let statistics: number[][] = [];
    const f = (x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor, residual?: tf.Tensor) => {
      const result = batchNormTraining(x, gamma as tf.Tensor1D, beta as tf.Tensor1D, { epsilon, relu, residual });
      statistics = [result.y, result.mean, result.variance].map((tensor) => [...tensor.dataSync()]);
      return tf.sum(tf.mul(result.y, toTensor(weights, shape)));
    };
    const { value, grads } = tf.valueAndGrads(f as (...args: tf.Tensor[]) => tf.Scalar)(args);
    return { value: value.dataSync()[0], grads: grads.map((g) => [...g.dataSync()]), statistics };
  });
}

function check(t: import('ava').ExecutionContext, kase: (typeof cases)[number]) {
  const given = example(kase.shape, kase.residual);
  const { input, weights } = given;
  const found = computed(kase, given);
  const expected = batchNorm(input, { epsilon, relu: kase.relu });
  t.true(relativeError(found.statistics[0], expected.y) < 2e-6);
  t.true(relativeError(found.statistics[1], expected.mean) < 2e-6);
  t.true(relativeError(found.statistics[2], expected.variance) < 2e-6);
  const loss = (changed: Partial<BatchNormInput>) =>
    dot(batchNorm({ ...input, ...changed }, { epsilon, relu: kase.relu }).y, weights);
  t.is(found.grads.length, kase.residual ? 4 : 3);
  for (const [i, name] of (['x', 'gamma', 'beta', 'residual'] as const).slice(0, found.grads.length).entries()) {
    const numeric = numericGradient((values) => loss({ [name]: values }), input[name]!, 1e-6);
    t.true(relativeError(found.grads[i], numeric) < 1e-5, `${name}: ${relativeError(found.grads[i], numeric)}`);
  }
}

for (const kase of cases) {
  const label = `[${kase.shape}]${kase.relu ? ' relu' : ''}${kase.residual ? ' residual' : ''}`;
  test.serial(`composed: values and gradients against float64 and finite differences ${label}`, (t) => check(t, kase));
  test.serial(`with a backend's kernels: the same ${label}`, (t) => {
    const calls = withKernels(batchNormKernels, () => check(t, kase));
    t.deepEqual(calls, { BatchNormTraining: 1, BatchNormTrainingGrad: 1 });
  });
}

test.serial('a constant channel gives beta and zero gradient to x; nothing is left behind', (t) => {
  const before = tf.memory().numTensors;
  tf.tidy(() => {
    const f = (x: tf.Tensor) =>
      tf.sum(batchNormTraining(x, tf.tensor1d([2]), tf.tensor1d([5]), { epsilon, relu: false }).y) as tf.Scalar;
    const { value, grad } = tf.valueAndGrad(f)(tf.fill([4, 1], 3));
    t.is(value.dataSync()[0], 20);
    t.deepEqual([...grad.dataSync()], [0, 0, 0, 0]);
  });
  t.is(tf.memory().numTensors, before);
});
