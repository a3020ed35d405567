import { type Masks, type Scope, select } from '@prunebench/core';
import { kernels, mlp, randomParameters, score, subjectOf, withValues } from '@prunebench/testing';
import test from 'ava';
import { magnitude, random } from '../src/index.ts';
import { kept, masksOfSize, removedEnergy } from './support.ts';

const pruned = async (
  network: ReturnType<typeof mlp>,
  parameters: ReturnType<typeof randomParameters>,
  sparsity: number,
  scope: Scope,
) =>
  select(network, await score(magnitude, subjectOf(network, parameters)), {
    sparsity,
    scope,
    allocation: 'uniform',
    granularity: 'weight',
    allowLayerCollapse: true,
  });

test('the score of a weight is its absolute value', async (t) => {
  const network = mlp([3, 1]);
  const scores = await score(magnitude, subjectOf(network, kernels(network, { fc1: [-2, 0.5, 0] })));
  t.deepEqual([...scores['fc1/kernel']], [2, 0.5, 0]);
});

test('of all masks of its size, the kept one removes the least energy (brute force over 8 weights)', async (t) => {
  const network = mlp([4, 2]);
  const parameters = randomParameters(network);
  for (let removed = 0; removed < 8; removed++) {
    const masks = await pruned(network, parameters, removed / 8, 'global');
    const least = Math.min(
      ...[...masksOfSize(8, 8 - removed)].map((mask) => removedEnergy(parameters, { 'fc1/kernel': mask })),
    );
    t.is(removedEnergy(parameters, masks), least);
  }
});

test('no random mask of the same size removes less energy', async (t) => {
  const network = mlp([6, 5, 4]);
  const parameters = randomParameters(network);
  const ours = removedEnergy(parameters, await pruned(network, parameters, 0.6, 'global'));
  for (let seed = 0; seed < 50; seed++) {
    const masks = select(network, await score(random, subjectOf(network, parameters, { seed })), {
      sparsity: 0.6,
      scope: 'global',
      allocation: 'uniform',
      granularity: 'weight',
      allowLayerCollapse: true,
    });
    t.true(removedEnergy(parameters, masks) >= ours);
  }
});

test('layers with the same magnitudes lose the same under global and layer-wise scope', async (t) => {
  const network = mlp([4, 4, 4]);
  const values = randomParameters(network)['fc1/kernel'].values;
  const mirrored = withValues(randomParameters(network), { 'fc2/kernel': values.map((w) => -w).reverse() });
  t.deepEqual(
    kept(await pruned(network, mirrored, 0.5, 'global')),
    kept(await pruned(network, mirrored, 0.5, 'layerwise')),
  );
});

test('a layer scaled up is spared by the global scope and unchanged under the layer-wise one', async (t) => {
  const network = mlp([6, 5, 4]);
  const parameters = randomParameters(network);
  const scaled = withValues(parameters, { 'fc2/kernel': parameters['fc2/kernel'].values.map((w) => 1e6 * w) });
  t.deepEqual(kept(await pruned(network, scaled, 0.5, 'global')), { 'fc1/kernel': 5, 'fc2/kernel': 20 });
  t.deepEqual(await pruned(network, scaled, 0.5, 'layerwise'), await pruned(network, parameters, 0.5, 'layerwise'));
});

test('masks are nested as the sparsity grows', async (t) => {
  const network = mlp([6, 5, 4]);
  const parameters = randomParameters(network);
  const inside = (inner: Masks, outer: Masks) =>
    Object.entries(inner).every(([name, mask]) => mask.every((bit, i) => bit <= outer[name][i]));
  let before = await pruned(network, parameters, 0, 'global');
  for (const sparsity of [0.2, 0.5, 0.8, 0.96]) {
    const masks = await pruned(network, parameters, sparsity, 'global');
    t.true(inside(masks, before));
    before = masks;
  }
});
