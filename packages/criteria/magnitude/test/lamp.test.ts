import { type Scope, select } from '@prunebench/core';
import { kernels, mlp, randomParameters, relativeError, score, subjectOf, withValues } from '@prunebench/testing';
import test from 'ava';
import { lamp, magnitude } from '../src/index.ts';
import { kept } from './support.ts';

const settings = { allocation: 'uniform', granularity: 'weight', allowLayerCollapse: true } as const;

test('squares 1, 4, 9, 16: each over the sum of itself and the larger ones', async (t) => {
  const network = mlp([2, 2]);
  const scores = await score(lamp, subjectOf(network, kernels(network, { fc1: [3, -1, 4, -2] })));
  t.deepEqual([...scores['fc1/kernel']], [9 / 25, 1 / 30, 1, 4 / 29]);
});

test('against the definition written as a double loop', async (t) => {
  const network = mlp([7, 9]);
  const parameters = randomParameters(network);
  const { values } = parameters['fc1/kernel'];
  const expected = values.map(
    (w) => w ** 2 / values.reduce((sum, v) => (Math.abs(v) >= Math.abs(w) ? sum + v ** 2 : sum), 0),
  );
  const scores = await score(lamp, subjectOf(network, parameters));
  t.true(relativeError(scores['fc1/kernel'], expected) < 1e-6);
});

test('within a layer the order is that of the magnitudes, so a layer-wise scope gives the same masks', async (t) => {
  const network = mlp([9, 8, 7]);
  const subject = subjectOf(network, randomParameters(network));
  const options = { ...settings, sparsity: 0.7, scope: 'layerwise' as Scope };
  const [ours, theirs] = await Promise.all([score(lamp, subject), score(magnitude, subject)]);
  t.deepEqual(select(network, ours, options), select(network, theirs, options));
});

test('the scale of a layer does not matter', async (t) => {
  const network = mlp([9, 8, 7]);
  const parameters = randomParameters(network);
  const scaled = withValues(parameters, { 'fc2/kernel': parameters['fc2/kernel'].values.map((w) => 1024 * w) });
  t.deepEqual(await score(lamp, subjectOf(network, scaled)), await score(lamp, subjectOf(network, parameters)));
});

test('under the global scope no layer is emptied while there is a weight for each', async (t) => {
  const network = mlp([20, 30, 2, 20]);
  const parameters = randomParameters(network);
  const small = withValues(parameters, { 'fc2/kernel': parameters['fc2/kernel'].values.map((w) => 1e-3 * w) });
  const total = 20 * 30 + 30 * 2 + 2 * 20;
  const masks = async (criterion: typeof lamp) =>
    kept(
      select(network, await score(criterion, subjectOf(network, small)), {
        ...settings,
        sparsity: 1 - 3 / total,
        scope: 'global',
      }),
    );
  t.deepEqual(await masks(lamp), { 'fc1/kernel': 1, 'fc2/kernel': 1, 'fc3/kernel': 1 });
  t.is((await masks(magnitude))['fc2/kernel'], 0);
});

test('weights that are gone or zero score 0 and do not weigh on the others', async (t) => {
  const network = mlp([2, 2]);
  const parameters = kernels(network, { fc1: [3, 100, 0, -2] });
  const masks = { 'fc1/kernel': Uint8Array.of(1, 0, 1, 1) };
  const scores = await score(lamp, subjectOf(network, parameters, { masks }));
  t.deepEqual([...scores['fc1/kernel']], [1, 0, 0, 4 / 13]);
  const none = await score(lamp, subjectOf(network, kernels(network, { fc1: [0, 0, 0, 0] })));
  t.deepEqual([...none['fc1/kernel']], [0, 0, 0, 0]);
});
