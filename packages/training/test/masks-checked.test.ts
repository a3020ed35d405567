import '@prunebench/testing';
import { type Masks, PrunebenchError, randomStream, type State, trainOptions } from '@prunebench/core';
import { mlp, randomBatch, randomParameters } from '@prunebench/testing';
import { toyDataset } from '@prunebench/testing/toy-dataset';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { estimateBatchNorm, evaluate, train } from '../src/index.ts';

const network = mlp([4, 5, 3]);
const parameters = randomParameters(network);
const dataset = toyDataset({ inputShape: [4], classes: 3 });
const batch = randomBatch(network, 8);

/** Everything that takes masks and computes with them. */
const takers: Readonly<Record<string, (state: State) => Promise<unknown>>> = {
  evaluate: (state) => evaluate(network, state, dataset.splits.test),
  estimateBatchNorm: (state) => estimateBatchNorm(network, state, [batch]),
  train: (state) =>
    train(network, state, dataset, trainOptions.parse({ epochs: 1, learningRate: 0.1 }), { random: randomStream(1) }),
};

for (const [name, take] of Object.entries(takers))
  test.serial(`${name} refuses masks that do not fit, by name, and leaves no tensor behind`, async (t) => {
    const wrong: readonly (readonly [Masks, RegExp])[] = [
      [{ 'fc1/kernal': new Uint8Array(20).fill(1) }, /mask of fc1\/kernal/],
      [{ 'fc1/kernel': new Uint8Array(19).fill(1) }, /mask of fc1\/kernel has 19 entries/],
      [{ 'fc1/kernel': new Uint8Array(20).fill(3) }, /mask of fc1\/kernel holds 3/],
    ];
    const { numTensors } = tf.memory();
    for (const [masks, message] of wrong) {
      const error = await t.throwsAsync(take({ parameters, masks }), { instanceOf: PrunebenchError, message });
      t.truthy((error as PrunebenchError).remedy);
    }
    t.is(tf.memory().numTensors, numTensors);
  });
