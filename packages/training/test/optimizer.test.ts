import '@prunebench/testing';
import { randomStream, type TrainOptionsInput, trainOptions } from '@prunebench/core';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { createOptimizer } from '../src/iteration/optimizer.ts';

type OptimizerInput = NonNullable<TrainOptionsInput['optimizer']>;

const size = 12;
const steps = 6;
const decay = 0.1;
const random = randomStream(3, 'optimizer-test');
const normals = () => Array.from({ length: size }, () => random.normal());
const start = normals();
const gradients = Array.from({ length: steps }, normals);
const mask = start.map((_, i) => (i % 3 === 0 ? 0 : 1));
const rateAt = (step: number) => 0.05 / (1 + step);

// The textbook loops in float64, one weight at a time.

function momentum(w: number, g: readonly number[], weightDecay: number, nesterov: boolean): number {
  let velocity = 0;
  for (let step = 0; step < steps; step++) {
    const slope = g[step] + weightDecay * w;
    velocity = 0.8 * velocity + slope;
    w -= rateAt(step) * (nesterov ? slope + 0.8 * velocity : velocity);
  }
  return w;
}

function adam(w: number, g: readonly number[], weightDecay: number, decoupled: boolean): number {
  let m = 0;
  let v = 0;
  for (let step = 0; step < steps; step++) {
    const slope = g[step] + (decoupled ? 0 : weightDecay * w);
    m = 0.7 * m + 0.3 * slope;
    v = 0.95 * v + 0.05 * slope ** 2;
    const unbiasedM = m / (1 - 0.7 ** (step + 1));
    const unbiasedV = v / (1 - 0.95 ** (step + 1));
    const shrink = decoupled ? rateAt(step) * weightDecay * w : 0;
    w -= (rateAt(step) * unbiasedM) / (Math.sqrt(unbiasedV) + 1e-4) + shrink;
  }
  return w;
}

const cases: [
  name: string,
  optimizer: OptimizerInput,
  reference: (w: number, g: readonly number[], decay: number) => number,
][] = [
  ['SGD with momentum', { kind: 'sgd', momentum: 0.8 }, (w, g, d) => momentum(w, g, d, false)],
  ['SGD with Nesterov momentum', { kind: 'sgd', momentum: 0.8, nesterov: true }, (w, g, d) => momentum(w, g, d, true)],
  ['Adam', { kind: 'adam', beta1: 0.7, beta2: 0.95, epsilon: 1e-4 }, (w, g, d) => adam(w, g, d, false)],
  ['AdamW', { kind: 'adamw', beta1: 0.7, beta2: 0.95, epsilon: 1e-4 }, (w, g, d) => adam(w, g, d, true)],
];

for (const [name, optimizer, reference] of cases) {
  test(`${name}: as the textbook loop in float64; decay on what is decayed; masked values and their state stay 0`, (t) => {
    const options = trainOptions.parse({ epochs: 1, learningRate: 1, optimizer, weightDecay: decay });
    const kernel = tf.variable(tf.tensor1d(start.map((w, i) => w * mask[i])));
    const bias = tf.variable(tf.tensor1d(start));
    const updated = createOptimizer(
      [
        { name: 'kernel', variable: kernel, mask: tf.tensor1d(mask), decayed: true },
        { name: 'bias', variable: bias, mask: undefined, decayed: false },
      ],
      options,
    );
    for (let step = 0; step < steps; step++) {
      const gradient = tf.tensor1d(gradients[step]);
      const rates = tf.tensor(updated.ratesAt(step, rateAt(step)), [...updated.ratesShape]);
      tf.tidy(() => updated.apply({ kernel: gradient, bias: gradient }, rates));
      for (const tensor of [kernel, ...updated.state.get('kernel')!])
        t.true([...tensor.dataSync()].every((value, i) => mask[i] === 1 || Object.is(Math.abs(value), 0)));
    }
    const history = (i: number) => gradients.map((gradient) => gradient[i]);
    const [kernelValues, biasValues] = [kernel.dataSync(), bias.dataSync()];
    for (let i = 0; i < size; i++) {
      const expected = mask[i] * reference(start[i], history(i), decay);
      t.true(Math.abs(kernelValues[i] - expected) < 1e-5, `kernel ${i}: ${kernelValues[i]} and ${expected}`);
      const withoutDecay = reference(start[i], history(i), 0);
      t.true(Math.abs(biasValues[i] - withoutDecay) < 1e-5, `bias ${i}: ${biasValues[i]} and ${withoutDecay}`);
    }
  });
}

test('what the loss does not depend on stays as it is', (t) => {
  const variable = tf.variable(tf.tensor1d([1, 2]));
  const options = trainOptions.parse({ epochs: 1, learningRate: 1, weightDecay: decay });
  const optimizer = createOptimizer([{ name: 'w', variable, mask: undefined, decayed: true }], options);
  optimizer.apply({}, tf.scalar(1));
  t.deepEqual([...variable.dataSync()], [1, 2]);
});
