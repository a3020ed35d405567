import { type Batch, type Masks, type ParameterRecord, PrunebenchError } from '@prunebench/core';
import { mlp, randomBatch, randomParameters } from '@prunebench/testing';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { lossGradients } from '../src/index.ts';

const network = mlp([4, 5, 3]);
const parameters = randomParameters(network);
const batch = randomBatch(network, 8);

test.serial('lossGradients refuses masks that do not fit, by name, and leaves no tensor behind', async (t) => {
  const wrong: readonly (readonly [Masks, RegExp])[] = [
    [{ 'fc1/kernal': new Uint8Array(20).fill(1) }, /mask of fc1\/kernal/],
    [{ 'fc1/kernel': new Uint8Array(19).fill(1) }, /mask of fc1\/kernel has 19 entries/],
    [{ 'fc1/kernel': new Uint8Array(20).fill(3) }, /mask of fc1\/kernel holds 3/],
  ];
  const { numTensors } = tf.memory();
  for (const [masks, message] of wrong) {
    const error = await t.throwsAsync(lossGradients(network, parameters, batch, { masks }), {
      instanceOf: PrunebenchError,
      message,
    });
    t.truthy((error as PrunebenchError).remedy);
  }
  t.is(tf.memory().numTensors, numTensors);
});

const { 'fc2/kernel': kernel, ...others } = parameters;
const short: Batch = { ...batch, x: batch.x.subarray(1) };
const failures: Readonly<Record<string, (training: boolean) => Promise<unknown>>> = {
  'a batch that is short': (training) => lossGradients(network, parameters, short, { training }),
  'a parameter that is missing': (training) => lossGradients(network, others, batch, { training }),
  'a kernel of another shape': (training) => {
    const odd: ParameterRecord = { ...parameters, 'fc2/kernel': { ...kernel, shape: [1, 15] } };
    return lossGradients(network, odd, batch, { training });
  },
};
for (const [what, call] of Object.entries(failures))
  test.serial(`lossGradients leaves no tensor behind for ${what}`, async (t) => {
    const { numTensors } = tf.memory();
    for (const training of [false, true]) await t.throwsAsync(call(training));
    t.is(tf.memory().numTensors, numTensors);
  });
