import { type Masks, PrunebenchError } from '@prunebench/core';
import { mlp, randomParameters } from '@prunebench/testing';
import test from 'ava';
import { compile, denseNetwork, encodeDense, encodeSparse, fileSizes, measureSpeed } from '../src/index.ts';

const network = mlp([4, 5, 3]);
const parameters = randomParameters(network);

const takers: Readonly<Record<string, (masks: Masks) => unknown>> = {
  compile: (masks) => compile(network, parameters, masks, { batchSize: 1 }),
  denseNetwork: (masks) => denseNetwork(network, parameters, masks, 1),
  measureSpeed: (masks) => measureSpeed(network, { parameters, masks }, { batchSizes: [1], rounds: 1 }),
  encodeDense: (masks) => encodeDense({ parameters, masks }),
  encodeSparse: (masks) => encodeSparse({ parameters, masks }),
  fileSizes: (masks) => fileSizes({ parameters, masks }),
};

for (const [name, take] of Object.entries(takers))
  test(`${name} refuses a mask of a name that the network does not have, and of another size`, async (t) => {
    for (const [wrong, entries] of [
      ['fc1/kernal', 20],
      ['fc1/kernel', 19],
    ] as const) {
      const masks = { [wrong]: new Uint8Array(entries).fill(1) };
      const error = await t.throwsAsync(async () => take(masks), { instanceOf: PrunebenchError });
      t.true(error!.message.includes(`mask of ${wrong}`), error!.message);
    }
  });
