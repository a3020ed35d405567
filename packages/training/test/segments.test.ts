/** A training in segments is the whole training, to the bit. */
import { PrunebenchError, type State, type TrainOptions, type TrainOptionsInput, trainOptions } from '@prunebench/core';
import { defineExtension, type Extension } from '@prunebench/network';
import { mlp, randomParameters, residualNet } from '@prunebench/testing';
import { toyDataset } from '@prunebench/testing/toy-dataset';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { z } from 'zod';
import { openSession } from '../src/index.ts';

const network = mlp([4, 5, 2]);
const dataset = toyDataset({ inputShape: [4], classes: 2, sizes: { train: 50 } });
const start: State = {
  parameters: randomParameters(network, 1),
  masks: { 'fc1/kernel': Uint8Array.from({ length: 20 }, (_, i) => (i % 4 === 0 ? 0 : 1)) },
};

/** Adds noise of its own to a gate that is trained with the weights, and counts the updates. */
const gated: Extension = {
  variables: {
    gate: { value: { shape: [2], values: Float32Array.of(1, 1) }, group: 'slow' },
    updates: { value: { shape: [], values: Float32Array.of(0) }, group: null },
  },
  groups: { slow: { optimizer: { kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }, learningRate: 0.01 } },
  watches: ({ name }) => name === 'fc2',
  output: (_, y, { training, variables, random }) => {
    const gates = training ? tf.add(variables.gate, tf.mul(random.normal('g', y.shape), 0.1)) : variables.gate;
    return tf.mul(y, gates);
  },
  accumulate: (_, { variables }) => ({ updates: tf.add(variables.updates, 1) }),
};
const citation = { authors: 'none', title: 'none', year: 2000, venue: 'none', url: 'https://example.org' };
const extension = defineExtension({
  id: 'gated',
  title: 'gated',
  citation,
  options: z.strictObject({}),
  create: () => gated,
});

const sessionAt = (position: number, net = network, data = dataset) =>
  openSession({
    dataset: data,
    network: net,
    seed: 1,
    position,
    signal: new AbortController().signal,
    criteria: new Map(),
    extensions: new Map([['gated', extension]]),
    initializer: 'glorot-normal',
    stateAfter: () => Promise.reject(new Error('none')),
  });

const options = (more: Partial<TrainOptionsInput>): TrainOptions =>
  trainOptions.parse({ epochs: 4, batchSize: 8, learningRate: 0.05, schedule: { kind: 'cosine' }, ...more });

const cases: Readonly<Record<string, Partial<TrainOptionsInput>>> = {
  'SGD with momentum': {},
  AdamW: { optimizer: { kind: 'adamw' }, weightDecay: 0.1 },
  'an extension with variables, noise and a group': { extensions: [{ id: 'gated' }] },
};

for (const [name, more] of Object.entries(cases))
  for (const cuts of [[0.25], [0.3], [0.1, 0.55]])
    test.serial(`${name}, cut at ${cuts.join(' and ')}`, async (t) => {
      const whole = await sessionAt(3).train(start, options(more));
      const bounds = [0, ...cuts, 1];
      let state = start;
      let examples = 0;
      for (let i = 0; i + 1 < bounds.length; i++) {
        // Each segment is a step of its own, at another position of its trial.
        const segment = await sessionAt(3 + 2 * i).train(
          state,
          options({ ...more, from: bounds[i], to: bounds[i + 1] }),
        );
        state = segment.state;
        examples += segment.metrics.trainedExamples!;
      }
      t.deepEqual(state, whole.state);
      t.is(examples, whole.metrics.trainedExamples!);
    });

test.serial('batch norm too', async (t) => {
  const net = residualNet();
  const images = toyDataset({ inputShape: [6, 6, 3], classes: 3, sizes: { train: 20, validation: 6, test: 6 } });
  const from: State = { parameters: randomParameters(net, 1), masks: {} };
  const more = { epochs: 2 };
  const whole = await sessionAt(0, net, images).train(from, options(more));
  const { state } = await sessionAt(0, net, images).train(from, options({ ...more, to: 0.5 }));
  t.deepEqual((await sessionAt(1, net, images).train(state, options({ ...more, from: 0.5 }))).state, whole.state);
});

test.serial('a segment that does not begin where the state was cut is refused', async (t) => {
  const { state } = await sessionAt(0).train(start, options({ to: 0.5 }));
  const refused = (from: State, more: Partial<TrainOptionsInput>, message: RegExp) =>
    t.throwsAsync(sessionAt(1).train(from, options(more)), { instanceOf: PrunebenchError, message });
  await refused(start, { from: 0.5 }, /goes on at step 14 of 28 \(from: 0.5\).*was not cut/);
  await refused(state, { from: 0.25 }, /at step 7 of 28.*was cut at step 14 of 28/);
  await refused(state, { from: 0.5, epochs: 8 }, /at step 28 of 56.*was cut at step 14 of 28/);
  await refused(start, { to: 0.001 }, /has no step/);
  t.throws(() => options({ from: 0.5, to: 0.5 }), { message: /must lie above from/ });
});

test.serial('the trainings of one step see the examples in different orders', async (t) => {
  const session = sessionAt(0);
  const first = await session.train(start, options({}));
  const second = await session.train(start, options({}));
  t.notDeepEqual(second.state, first.state);
  t.deepEqual((await sessionAt(0).train(start, options({}))).state, first.state);
});
