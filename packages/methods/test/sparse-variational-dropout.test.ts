import { parameterSpecs, type State, sizeOf } from '@prunebench/core';
import type { HookContext } from '@prunebench/network';
import { convNet, mlp, randomBatch, randomParameters } from '@prunebench/testing';
import { splitOf } from '@prunebench/testing/toy-dataset';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import {
  divergence,
  logAlpha,
  sparseVariationalDropout,
  sparseVariationalDropoutExtension,
} from '../src/bayesian/sparse-variational-dropout.ts';
import { stepped, trainedWith } from './support/trained.ts';

/** Dawson's integral exp(-x²) ∫ exp(t²) dt from 0 to x, by Simpson's rule. */
function dawson(x: number): number {
  return simpson((t) => Math.exp(t * t - x * x), x, 8000);
}
function simpson(f: (t: number) => number, to: number, steps: number): number {
  const h = to / steps;
  let sum = f(0) + f(to);
  for (let i = 1; i < steps; i++) sum += (i % 2 === 1 ? 4 : 2) * f(i * h);
  return (sum * h) / 3;
}

test('the divergence is within 0.0095 of the exact one, which is an integral of Dawson’s (Hron et al. 2018)', (t) => {
  for (const logA of [-8, -6, -4, -3.5, -2, 0, 1, 3, 6, 8]) {
    const exact = simpson((s) => 2 * dawson(s), 1 / Math.sqrt(2 * Math.exp(logA)), 400);
    t.true(Math.abs(divergence(tf.scalar(logA)).dataSync()[0] - exact) < 0.0095, `${logA}`);
  }
});

test('the derivative of the divergence is that of its formula, weight by weight, times what comes from above', (t) => {
  const logAlphas = [-8, -6, -4, -1.9, -0.5, 0, 0.7, 2, 5, 8];
  const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
  const formula = (a: number) => 0.63576 * (1 - sigmoid(1.8732 + 1.48695 * a)) + 0.5 * Math.log1p(Math.exp(-a));
  const slope = (a: number) => (formula(a + 1e-5) - formula(a - 1e-5)) / 2e-5;
  const scaled = (a: tf.Tensor) => tf.mul(divergence(a), 3);
  const found = tf.grad(scaled)(tf.tensor1d(logAlphas)).dataSync();
  for (const [i, a] of logAlphas.entries()) t.true(Math.abs(found[i] - 3 * slope(a)) < 2e-6, `${a}: ${found[i]}`);
  const total = logAlphas.reduce((sum, a) => sum + formula(a), 0);
  t.true(Math.abs(divergence(tf.tensor1d(logAlphas)).dataSync()[0] - total) < 1e-5);
});

test('the divergence falls with the noise, and does not see the scale of a weight', (t) => {
  const values = [-8, -4, -1, 0, 2, 8].map((logA) => divergence(tf.scalar(logA)).dataSync()[0]);
  for (let i = 1; i < values.length; i++) t.true(values[i] < values[i - 1]);
  const at = (scale: number) =>
    logAlpha(tf.scalar(0.3 * scale), tf.scalar(Math.log((0.2 * scale) ** 2)), 8).dataSync()[0];
  t.true(Math.abs(at(1) - Math.log((0.2 / 0.3) ** 2)) < 1e-4);
  t.true(Math.abs(at(7) - at(1)) < 1e-4);
});

test('a layer’s noise is that of its weights: mean and variance over many draws of them', (t) => {
  const network = convNet();
  const parameters = Object.fromEntries(
    Object.entries(randomParameters(network, 3)).map(([name, { shape, values }]) => [
      name,
      tf.tensor(values, [...shape]),
    ]),
  );
  const start = {
    network,
    state: { parameters: randomParameters(network, 3), masks: {} },
    totalUpdates: 10,
    updatesPerEpoch: 5,
    trainingExamples: 100,
  };
  const made = sparseVariationalDropoutExtension.create(
    { initialLogVariance: -3, clip: 30, clipInTraining: false },
    start as never,
  );
  const variables = Object.fromEntries(
    Object.entries(made.variables!).map(([name, { value }]) => [name, tf.tensor(value.values, [...value.shape])]),
  );
  const layer = network.layers.find(({ kind }) => kind === 'conv2d')!;
  const { x, size } = randomBatch(network, 1);
  const input = tf.tensor(x, [size, ...network.inputShape]);
  let draw = 0;
  const context = {
    training: true,
    parameters,
    variables,
    scalars: {},
    random: { normal: (_: string, shape: number[]) => tf.randomNormal(shape, 0, 1, 'float32', ++draw) },
  } as unknown as HookContext;
  const draws = 3000;
  const outputs = (make: () => tf.Tensor) =>
    Array.from({ length: draws }, () => tf.tidy(() => make().dataSync<'float32'>().slice(0, 4)));
  const local = outputs(() => made.layer!(layer, [input], () => input, context));
  // The plain way: new weights for every draw. The same network without noise, from its own program.
  const name = `${layer.name}/kernel`;
  const convolved = (kernel: tf.Tensor) => {
    if (layer.kind !== 'conv2d') throw new Error('no convolution');
    const { strides, padding, useBias } = layer;
    const y = tf.conv2d(input as tf.Tensor4D, kernel as tf.Tensor4D, [...strides] as [number, number], padding);
    return useBias ? tf.add(y, parameters[`${layer.name}/bias`]) : y;
  };
  const deviation = Math.exp(-3 / 2);
  const sampled = outputs(() =>
    convolved(tf.add(parameters[name], tf.randomNormal(parameters[name].shape, 0, deviation, 'float32', ++draw))),
  );
  for (let i = 0; i < 4; i++) {
    const [a, b] = [local, sampled].map((rows) => momentsOf(rows.map((row) => row[i])));
    t.true(Math.abs(a.mean - b.mean) < 5 * Math.sqrt((a.variance + b.variance) / draws), `mean ${i}`);
    t.true(Math.abs(a.variance / b.variance - 1) < 0.25, `variance ${i}: ${a.variance}, ${b.variance}`);
  }
});

function momentsOf(values: readonly number[]) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length };
}

/** Two classes that the first two of twelve features tell apart; the others are noise. */
function twoOfTwelve() {
  const split = (offset: number, size: number) => {
    const labels = Array.from({ length: size }, (_, i) => i % 2);
    const noise = (i: number) => ((Math.sin((i + offset) * 78.233) * 43758.5453) % 1) * 0.8;
    const examples = labels.map((label, i) =>
      Array.from({ length: 12 }, (_, f) => (f < 2 ? (label === f ? 1 : -1) : 0) + noise(i * 12 + f)),
    );
    return splitOf(examples, labels);
  };
  const splits = {
    train: split(0, 400),
    validation: split(1e4, 100),
    calibration: split(2e4, 100),
    test: split(3e4, 100),
  };
  return { id: 'two-of-twelve', inputShape: [12], classes: 2, splits, checksum: 'x' };
}

test('what carries no information goes, and the network stays right', async (t) => {
  const network = mlp([12, 8, 2]);
  const start: State = { parameters: randomParameters(network, 1), masks: {} };
  const { state, metrics } = await trainedWith(
    network,
    start,
    twoOfTwelve(),
    'sparse-variational-dropout',
    { warmup: [0, 0.2] },
    { epochs: 120, batchSize: 50, learningRate: 0.02, optimizer: { kind: 'adam' } },
  );
  const mask = state.masks['fc1/kernel'];
  const kept = (feature: number) => mask.subarray(feature * 8, feature * 8 + 8).reduce((sum, bit) => sum + bit, 0);
  const noise = Array.from({ length: 10 }, (_, f) => kept(f + 2)).reduce((sum, n) => sum + n, 0);
  t.true(noise <= 16, `${noise} of 80 weights of noise are left`);
  t.true(kept(0) + kept(1) >= 1);
  t.true(metrics.epochs!.at(-1)!.validation.accuracy > 95);
  t.is(state.variables, undefined, 'the noise was folded away');
  for (const { name, shape } of parameterSpecs(network))
    if (state.masks[name])
      for (let i = 0; i < sizeOf(shape); i++) if (state.masks[name][i] === 0) t.is(state.parameters[name].values[i], 0);
});

test('what other trainings have left stays when the noise is folded away', async (t) => {
  const network = mlp([12, 8, 2]);
  const other = { shape: [2], values: Float32Array.of(1, 2) };
  const start: State = { parameters: randomParameters(network, 1), masks: {}, variables: { 'sums/fc1': other } };
  const { state } = await trainedWith(network, start, twoOfTwelve(), 'sparse-variational-dropout', {}, { epochs: 1 });
  t.deepEqual(state.variables, { 'sums/fc1': other });
});

test('without strength and with little noise it is plain training', async (t) => {
  const network = mlp([12, 8, 2]);
  const start: State = {
    parameters: randomParameters(network, 1),
    masks: { 'fc1/kernel': new Uint8Array(96).fill(1, 20) },
  };
  const budget = { epochs: 2, batchSize: 50, learningRate: 0.05 };
  const options = { strength: 0, initialLogVariance: -30, clip: 30 };
  const noisy = await trainedWith(network, start, twoOfTwelve(), 'sparse-variational-dropout', options, budget);
  const plain = await trainedWith(network, start, twoOfTwelve(), 'quadratic-penalty', { strength: 0 }, budget);
  t.true(
    noisy.state.masks['fc1/kernel'].subarray(0, 20).every((bit) => bit === 0),
    'what was removed stays removed',
  );
  for (const [name, { values }] of Object.entries(plain.state.parameters))
    t.true(
      values.every((value, i) => Math.abs(value - noisy.state.parameters[name].values[i]) < 2e-3),
      name,
    );
});

test('the method: a training that prunes, asked for by the strength of its divergence', async (t) => {
  const network = mlp([12, 8, 2]);
  const options = sparseVariationalDropout.options.parse({ warmup: [0, 0.1] }) as Record<string, unknown>;
  const pretrain = { epochs: 2, learningRate: 0.01 } as never;
  const plan = { network, pretrain, retrain: null, options };
  const { kinds, states } = await stepped(
    sparseVariationalDropout,
    { ...plan, at: { lambda: 1 } },
    { dataset: twoOfTwelve(), criteria: [] },
  );
  t.deepEqual(kinds, ['sparsify']);
  t.deepEqual(Object.keys(states[0].masks).sort(), ['fc1/kernel', 'fc2/kernel']);
  t.throws(() => sparseVariationalDropout.steps({ ...plan, at: { sparsity: 0.9 } }), { message: /an outcome/ });
});
