/** Loss and gradients of one batch on every backend that runs here, against the plain JavaScript of `cpu`. */
import {
  type Criterion,
  type Network,
  PrunebenchError,
  randomStream,
  type Split,
  trainOptions,
} from '@prunebench/core';
import initialization from '@prunebench/criterion-initialization';
import { lossGradients } from '@prunebench/signals';
import { mlp, randomBatch, randomParameters, relativeError, subjectOf } from '@prunebench/testing';
import { train } from '@prunebench/training';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { listBackends, selectBackend } from '../src/index.ts';
import { networksOfEveryKind } from './networks-of-every-kind.ts';

const REFERENCE = 'cpu';
const TOLERANCE = 1e-5;

const others = (await listBackends()).filter(({ name, available }) => available && name !== REFERENCE);

/** The loss and all gradients in one row: a gradient that is 0 but for rounding is held against the largest one. */
async function lossAndGradients(network: Network, training: boolean): Promise<number[]> {
  const batch = randomBatch(network, 7);
  const { loss, gradients } = await lossGradients(network, randomParameters(network), batch, { training });
  return [loss, ...Object.values(gradients).flatMap((values) => [...values])];
}

const hasDropout = ({ layers }: Network) => layers.some(({ kind }) => kind === 'dropout');

for (const { name, untrainable } of others)
  for (const network of networksOfEveryKind.filter(({ layers }) => !layers.some((l) => untrainable.includes(l.kind))))
    for (const training of hasDropout(network) ? [false] : [false, true])
      test.serial(`${name}: ${network.name}${training ? ', with the statistics of the batch' : ''}`, async (t) => {
        await selectBackend(REFERENCE);
        const expected = await lossAndGradients(network, training);
        await selectBackend(name);
        const found = await lossAndGradients(network, training);
        t.true(Math.abs(found[0] - expected[0]) < TOLERANCE * expected[0], `${found[0]} is not ${expected[0]}`);
        t.true(relativeError(found, expected) < TOLERANCE, `${relativeError(found, expected)}`);
      });

const unread: Split = {
  size: 1,
  labels: new Int32Array(1),
  fill: () => {
    throw new Error('the data was read');
  },
};

for (const { name, untrainable } of others)
  for (const network of networksOfEveryKind.filter(({ layers }) => layers.some((l) => untrainable.includes(l.kind))))
    test.serial(`${name} refuses to train: ${network.name}`, async (t) => {
      await selectBackend(name);
      const parameters = randomParameters(network);
      const splits = { train: unread, validation: unread, calibration: unread, test: unread };
      const dataset = { id: 'none', inputShape: network.inputShape, classes: 3, splits, checksum: '' };
      const options = trainOptions.parse({ epochs: 1, batchSize: 1, learningRate: 0.1 });
      const before = tf.memory().numTensors;
      const refused = { instanceOf: PrunebenchError, message: new RegExp(`${name} cannot train .* kind conv2d`) };
      await t.throwsAsync(
        train(network, { parameters, masks: {} }, dataset, options, { random: randomStream(0) }),
        refused,
      );
      await t.throwsAsync(lossGradients(network, parameters, randomBatch(network, 2)), refused);
      t.is(tf.memory().numTensors, before);
    });

for (const { name } of others)
  for (const loss of ['cross-entropy', 'squared-error'] as const)
    test.serial(`${name}: criteria at initialization score as on ${REFERENCE}, ${loss}`, async (t) => {
      const network = { ...mlp([6, 5, 4, 3]), loss };
      const scores = async (criterion: Criterion) => {
        const subject = subjectOf(network, randomParameters(network), { batches: [randomBatch(network, 60)] });
        const options = criterion.options.parse(criterion.id === 'grasp' ? { samplesPerClass: 2 } : {});
        return Object.values(await criterion.score(subject, options)).flatMap((values) => [...values]);
      };
      for (const criterion of initialization.criteria) {
        await selectBackend(REFERENCE);
        const expected = await scores(criterion);
        await selectBackend(name);
        const error = relativeError(await scores(criterion), expected);
        t.true(error < 1e-4, `${criterion.id}: ${error}`);
      }
    });

test('every kind of layer is held against cpu on some backend, or said to be untrainable there', (t) => {
  const kinds = new Set(networksOfEveryKind.flatMap(({ layers }) => layers.map(({ kind }) => kind)));
  t.is(kinds.size, 11);
  t.true(others.length >= 1, 'wasm is always there');
});
