/** A network of NaNs is no result on any backend, also where the outputs are numbers all the same. */
import { DivergenceError, randomStream, type Split, trainOptions } from '@prunebench/core';
import type { Extension } from '@prunebench/network';
import { extended, mlp, randomBatch, randomParameters, withValues } from '@prunebench/testing';
import { evaluate, train } from '@prunebench/training';
import test from 'ava';
import { listBackends, selectBackend } from '../src/index.ts';

const network = mlp([6, 5, 4, 3]);
const parameters = withValues(randomParameters(network), { 'fc1/kernel': new Float32Array(30).fill(Number.NaN, 7) });
const state = { parameters, masks: {} };
const batch = randomBatch(network, 12);
const split: Split = {
  size: batch.size,
  labels: batch.y,
  fill: (indices, out) => {
    for (let i = 0; i < indices.length; i++) out.set(batch.x.subarray(indices[i] * 6, indices[i] * 6 + 6), i * 6);
  },
};
const splits = { train: split, validation: split, calibration: split, test: split };
const dataset = { id: 'noise', inputShape: [6], classes: 3, splits, checksum: 'noise' };

const options = trainOptions.parse({ epochs: 1, batchSize: 4, learningRate: 0.01 });
const available = (await listBackends()).filter((backend) => backend.available).map(({ name }) => name);

for (const name of available) {
  test.serial(`${name}: a training that starts with NaN has diverged`, async (t) => {
    await selectBackend(name);
    await t.throwsAsync(train(network, state, dataset, options, { random: randomStream(1) }), {
      instanceOf: DivergenceError,
      message: /NaN at step 1 of 3/,
    });
  });

  test.serial(`${name}: a training that ends with NaN has diverged`, async (t) => {
    await selectBackend(name);
    const ruin: Extension = {
      events: { every: 'epoch' },
      event(training) {
        if (training.update === training.totalUpdates)
          training.write('fc1/kernel', new Float32Array(30).fill(Number.NaN));
      },
    };
    const sound = { parameters: randomParameters(network), masks: {} };
    const { listed, known } = extended(ruin);
    const ruined = { ...options, extensions: listed };
    await t.throwsAsync(train(network, sound, dataset, ruined, { random: randomStream(1), extensions: known }), {
      instanceOf: DivergenceError,
      message: name === 'wasm' ? /fc1\/kernel is NaN at flat index 0 after training/ : /NaN/,
    });
  });
}

test.serial('wasm makes numbers of NaN, which is why the parameters are looked at', async (t) => {
  await selectBackend('wasm');
  t.true(Number.isFinite((await evaluate(network, state, split)).loss));
});
