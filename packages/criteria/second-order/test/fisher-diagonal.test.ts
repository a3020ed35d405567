import type { Network } from '@prunebench/core';
import {
  convNet,
  mlp,
  randomBatch,
  randomParameters,
  relativeError,
  residualNet,
  score,
  subjectOf,
} from '@prunebench/testing';
import test from 'ava';
import { fisherDiagonal } from '../src/index.ts';
import { kernelEntries } from './gauss-newton-reference.ts';
import { differences, exampleLosses, float64 } from './reference-network.ts';

const squaredError = (network: Network): Network => ({ ...network, loss: 'squared-error' });

for (const network of [
  mlp([4, 3, 2], { activation: 'sigmoid' }),
  squaredError(mlp([4, 3, 2])),
  convNet(),
  residualNet(),
])
  test(`½ w² mean g² with single-example gradients from finite differences: ${network.name}, ${network.loss ?? 'cross-entropy'}`, async (t) => {
    const parameters = randomParameters(network);
    // Two batches, the second smaller, so that sums over batches count.
    const batches = [randomBatch(network, 4, 1), randomBatch(network, 2, 2)];
    const scores = await score(fisherDiagonal, subjectOf(network, parameters, { batches }), { samples: 100 });
    const values = float64(parameters);
    const some = kernelEntries(network).filter((_, i) => i % 5 === 0);
    const expected = some.map(({ name, index }) => {
      const gradients = batches.flatMap(
        (batch) => differences(values, name, index, () => exampleLosses(network, values, batch), 1e-5).first,
      );
      return (values[name][index] ** 2 * gradients.reduce((sum, g) => sum + g * g, 0)) / (2 * gradients.length);
    });
    t.true(
      relativeError(
        some.map(({ name, index }) => scores[name][index]),
        expected,
      ) < 1e-4,
    );
  });

test('only the first `samples` examples count, and doubling the data changes nothing', async (t) => {
  const network = mlp([4, 3, 2]);
  const parameters = randomParameters(network);
  const [one, two] = [randomBatch(network, 6, 1), randomBatch(network, 6, 2)];
  const scoresOf = (batches: (typeof one)[], samples: number) =>
    score(fisherDiagonal, subjectOf(network, parameters, { batches }), { samples });
  t.deepEqual(await scoresOf([one, two], 6), await scoresOf([one], 100));
  t.notDeepEqual(await scoresOf([one, two], 7), await scoresOf([one], 100));
  const doubled = await scoresOf([one, one], 100);
  t.true(relativeError(doubled['fc1/kernel'], (await scoresOf([one], 100))['fc1/kernel']) < 1e-6);
});

test('an empty calibration split is refused', async (t) => {
  const network = mlp([4, 3, 2]);
  await t.throwsAsync(
    async () => score(fisherDiagonal, subjectOf(network, randomParameters(network), { batches: [] }), { samples: 10 }),
    { message: /calibration split is empty/ },
  );
});
