/** Nothing is left on the backend by a call that throws, wherever it does. */
import { isNativeAvailable, registerNativeBackend } from '@prunebench/backend-native';
import { type Batch, type ParameterRecord, randomStream, type Split, type State, trainOptions } from '@prunebench/core';
import type { Extension } from '@prunebench/network';
import { convNet, extended, randomBatch, randomParameters } from '@prunebench/testing';
import { toyDataset } from '@prunebench/testing/toy-dataset';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { estimateBatchNorm, evaluate, train } from '../src/index.ts';

const network = convNet();
const dataset = toyDataset({ inputShape: [8, 8, 2], classes: 3, sizes: { train: 12, validation: 6, test: 6 } });
const parameters = randomParameters(network);
const masks = { 'conv2/kernel': new Uint8Array(3 * 3 * 4 * 5).fill(1, 5) };
const batch = randomBatch(network, 4);

const changed = (name: string, shape: readonly number[], size: number): ParameterRecord => ({
  ...parameters,
  [name]: { shape, values: new Float32Array(size) },
});
const without = (name: string): ParameterRecord =>
  Object.fromEntries(Object.entries(parameters).filter(([other]) => other !== name));

/** States that do not fit the network: the last parameter is the one that does not. */
const states: Readonly<Record<string, State>> = {
  'a parameter of another shape': { parameters: changed('fc2/kernel', [3, 6], 18), masks },
  'a parameter too few': { parameters: without('fc2/bias'), masks },
  'a parameter with too few values': { parameters: changed('fc2/kernel', [6, 3], 17), masks },
  'a mask of another size': { parameters, masks: { ...masks, 'fc2/kernel': new Uint8Array(3) } },
};
const batches: Readonly<Record<string, Batch>> = {
  'a short batch': { ...batch, x: batch.x.subarray(1) },
  'a batch of another size': { ...batch, size: 5 },
};
/** Data that cannot be read from the second batch on. */
const failing = (split: Split): Split => {
  let reads = 0;
  return {
    ...split,
    fill(indices, out) {
      if (++reads === 2) throw new Error('the disk is gone');
      split.fill(indices, out);
    },
  };
};
const fail = (): never => {
  throw new Error('an extension fails');
};
const extensions: Readonly<Record<string, Extension>> = {
  weight: { weight: (name, value) => (name === 'fc2/kernel' ? fail() : value) },
  layer: { layer: (layer, _inputs, next) => (layer.name === 'fc2' ? fail() : next()) },
  output: { output: (layer, y) => (layer.name === 'fc2' ? fail() : y) },
  penalty: { penalty: fail },
  loss: { loss: fail },
  gradients: { gradients: fail },
  afterUpdate: { afterUpdate: fail },
  accumulate: { accumulate: fail },
  scalars: { scalars: (update) => (update === 2 ? fail() : { one: 1 }) },
  'event before an update': { events: { every: 2 }, event: fail },
  'event after an epoch': { events: { every: 'epoch' }, event: fail },
  'event with gradients': {
    events: { every: 2 },
    async event(training) {
      await training.gradients();
      fail();
    },
  },
  finish: { finish: fail },
};

const options = (more = {}) => trainOptions.parse({ epochs: 2, batchSize: 5, learningRate: 0.1, ...more });
const training = (state: State, { data = dataset, more = {}, extension = undefined as Extension | undefined } = {}) =>
  train(network, state, data, options({ ...more, ...(extension && { extensions: extended(extension).listed }) }), {
    random: randomStream(1),
    ...(extension && { extensions: extended(extension).known }),
  });
const start: State = { parameters, masks };
const aborted = { signal: AbortSignal.abort(new Error('stop')) };

const calls: Readonly<Record<string, () => Promise<unknown>>> = {
  ...Object.fromEntries(
    Object.entries(states).flatMap(([what, state]) => [
      [`evaluate: ${what}`, () => evaluate(network, state, dataset.splits.test)],
      [`estimateBatchNorm: ${what}`, () => estimateBatchNorm(network, state, [batch])],
      [`train: ${what}`, () => training(state)],
      [`train with Adam: ${what}`, () => training(state, { more: { optimizer: { kind: 'adam' } } })],
    ]),
  ),
  ...Object.fromEntries(
    Object.entries(batches).flatMap(([what, short]) => [
      [`estimateBatchNorm: ${what}`, () => estimateBatchNorm(network, start, [batch, short])],
    ]),
  ),
  ...Object.fromEntries(
    Object.entries(extensions).flatMap(([what, extension]) => [
      [`train: an extension fails in ${what}`, () => training(start, { extension })],
    ]),
  ),
  'train: data that cannot be read': () =>
    training(start, { data: { ...dataset, splits: { ...dataset.splits, train: failing(dataset.splits.train) } } }),
  'train: a validation split that cannot be read': () => {
    const validation = failing(
      toyDataset({ inputShape: [8, 8, 2], classes: 3, sizes: { validation: 300 } }).splits.validation,
    );
    return training(start, { data: { ...dataset, splits: { ...dataset.splits, validation } } });
  },
  'train: a loss that is not finite': () => training(start, { more: { learningRate: 1e30 } }),
  'evaluate: stopped before': () => evaluate(network, start, dataset.splits.test, aborted),
  'estimateBatchNorm: stopped before': () => estimateBatchNorm(network, start, [batch], aborted),
  'evaluate: an empty split': () => evaluate(network, start, { ...dataset.splits.test, size: 0 }),
};

const backends = ['cpu', ...(isNativeAvailable().available ? ['native'] : [])];
for (const backend of backends)
  for (const [what, call] of Object.entries(calls))
    test.serial(`${backend}: ${what}`, async (t) => {
      if (backend === 'native') await registerNativeBackend({ threads: 1 });
      await tf.setBackend(backend);
      const before = tf.memory();
      await t.throwsAsync(call(), { any: true });
      const after = tf.memory();
      t.is(after.numTensors, before.numTensors);
      t.is(after.numDataBuffers, before.numDataBuffers);
    });
