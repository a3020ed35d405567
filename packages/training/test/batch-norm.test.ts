import {
  type Batch,
  defineNetwork,
  INPUT,
  type Network,
  type ParameterRecord,
  randomStream,
  trainOptions,
} from '@prunebench/core';
import { convNet, randomParameters } from '@prunebench/testing';
import { contentOf, splitOf, toyDataset } from '@prunebench/testing/toy-dataset';
import test from 'ava';
import { estimateBatchNorm, train } from '../src/index.ts';

/** Batch norm of the input itself, so that its statistics are those of the data. */
const network: Network = defineNetwork({
  name: 'bn-first',
  inputShape: [2],
  layers: [
    { kind: 'batchNorm', name: 'bn', inputs: [INPUT], epsilon: 1e-3, momentum: 0.8 },
    { kind: 'dense', name: 'fc', inputs: ['bn'], units: 2, useBias: true },
  ],
});

function statistics(rows: readonly (readonly number[])[]) {
  const mean = [0, 1].map((c) => rows.reduce((sum, row) => sum + row[c], 0) / rows.length);
  const unbiased = [0, 1].map((c) => rows.reduce((sum, row) => sum + (row[c] - mean[c]) ** 2, 0) / (rows.length - 1));
  return { mean, unbiased };
}

const near = (actual: ArrayLike<number>, expected: readonly number[]) =>
  expected.every((value, i) => Math.abs(actual[i] - value) < 1e-5);

const moments = (parameters: ParameterRecord) => ({
  mean: parameters['bn/movingMean'].values,
  variance: parameters['bn/movingVariance'].values,
});

test('training moves the running statistics by (1 - momentum) towards the mean and unbiased variance of the batch', async (t) => {
  const dataset = toyDataset({ inputShape: [2], classes: 2, sizes: { train: 10 } });
  const start = randomParameters(network, 3);
  const { mean, unbiased } = statistics(contentOf(dataset.splits.train, 2).x);
  const options = trainOptions.parse({ epochs: 2, learningRate: 0.01, batchSize: 10 });
  const { state } = await train(network, { parameters: start, masks: {} }, dataset, options, {
    random: randomStream(1),
  });
  const twice = (before: ArrayLike<number>, batch: number[]) =>
    batch.map((value, c) => 0.64 * before[c] + 0.36 * value);
  t.true(near(moments(state.parameters).mean, twice(moments(start).mean, mean)));
  t.true(near(moments(state.parameters).variance, twice(moments(start).variance, unbiased)));
});

test('in images the values per channel are counted over all positions', async (t) => {
  const cnn: Network = defineNetwork({
    name: 'bn-image',
    inputShape: [1, 3, 1],
    layers: [
      { kind: 'batchNorm', name: 'bn', inputs: [INPUT], epsilon: 1e-3, momentum: 0 },
      { kind: 'globalAveragePool', name: 'pool', inputs: ['bn'] },
      { kind: 'dense', name: 'fc', inputs: ['pool'], units: 2, useBias: true },
    ],
  });
  const split = splitOf([[1, 2, 3]], [0]);
  const dataset = {
    ...toyDataset({ inputShape: [1, 3, 1], classes: 2 }),
    splits: { train: split, validation: split, calibration: split, test: split },
  };
  const options = trainOptions.parse({ epochs: 1, learningRate: 1e-6 });
  const { state } = await train(cnn, { parameters: randomParameters(cnn, 1), masks: {} }, dataset, options, {
    random: randomStream(1),
  });
  t.true(near(moments(state.parameters).mean, [2]));
  t.true(near(moments(state.parameters).variance, [1]));
});

const batchOf = (rows: readonly (readonly number[])[]): Batch => ({
  x: Float32Array.from(rows.flat()),
  y: new Int32Array(rows.length),
  size: rows.length,
});

test('re-estimation averages the batches, weighted by their sizes, and changes nothing else', async (t) => {
  const one = [
    [1, 10],
    [3, -10],
    [5, 0],
  ];
  const other = [
    [100, 1],
    [50, 3],
  ];
  const parameters = randomParameters(network, 8);
  const state = await estimateBatchNorm(network, { parameters, masks: {} }, [batchOf(one), batchOf(other)]);
  const [a, b] = [statistics(one), statistics(other)];
  t.true(
    near(
      moments(state.parameters).mean,
      a.mean.map((value, c) => 0.6 * value + 0.4 * b.mean[c]),
    ),
  );
  const variance = a.unbiased.map((value, c) => 0.6 * value + 0.4 * b.unbiased[c]);
  t.true(variance.every((value, c) => Math.abs(moments(state.parameters).variance[c] / value - 1) < 1e-6));
  for (const name of ['bn/gamma', 'bn/beta', 'fc/kernel', 'fc/bias']) t.is(state.parameters[name], parameters[name]);
});

test('re-estimation sees the pruned network: a layer without weights has the statistics of its bias', async (t) => {
  const cnn = convNet();
  const parameters = randomParameters(cnn, 2);
  const masks = { 'conv1/kernel': new Uint8Array(parameters['conv1/kernel'].values.length) };
  const batch: Batch = {
    x: Float32Array.from({ length: 2 * 128 }, (_, i) => Math.sin(i)),
    y: new Int32Array(2),
    size: 2,
  };
  const state = await estimateBatchNorm(cnn, { parameters, masks }, [batch]);
  t.true(near(state.parameters['bn1/movingMean'].values, [...parameters['conv1/bias'].values]));
  t.true(near(state.parameters['bn1/movingVariance'].values, [0, 0, 0, 0]));
});
