/** What the share of the output layer does to a network that L-OBS prunes at once. */
import {
  applyMasks,
  type Batch,
  type Masks,
  type ParameterRecord,
  prunableSpecs,
  select,
  sizeOf,
} from '@prunebench/core';
import { mlp, outputs, randomBatch, randomParameters, score, subjectOf } from '@prunebench/testing';
import test from 'ava';
import { lObs } from '../src/index.ts';

const network = mlp([60, 40, 20, 10]);
const parameters = randomParameters(network);
const batch = randomBatch(network, 300);
const subject = subjectOf(network, parameters, { batches: [batch] });
const sizes = Object.fromEntries(prunableSpecs(network).map(({ name, shape }) => [name, sizeOf(shape)]));
const all = Object.values(sizes).reduce((a, b) => a + b, 0);

/** Kept weights of each layer: few of the large ones, most of the last. */
const kept: Record<string, number> = { 'fc1/kernel': 480, 'fc2/kernel': 240, 'fc3/kernel': 140 };
const shares = Object.fromEntries(Object.entries(kept).map(([name, count]) => [name, count / sizes[name]]));
const sparsity = 1 - Object.values(kept).reduce((a, b) => a + b, 0) / all;

const counts = (masks: Masks) =>
  Object.fromEntries(Object.keys(sizes).map((name) => [name, masks[name].reduce((a, b) => a + b, 0)]));

/** Share of the outputs' sum of squares that pruning changes. */
function change(after: ParameterRecord, of: Batch): number {
  const [before, now] = [outputs(network, parameters, of), outputs(network, after, of)];
  const squares = (values: ArrayLike<number>) => Array.from(values).reduce((sum, value) => sum + value ** 2, 0);
  return squares(before.map((value, i) => value - now[i])) / squares(before);
}

for (const sequential of ['fixed', 'downdate'] as const)
  test(`${sequential}: listed shares are kept to the weight, and lose less than a uniform share of the same sum`, async (t) => {
    const options = lObs.options.parse({ sequential });
    const scores = await score(lObs, subject, options);
    const pruned = async (allocation: 'uniform' | Record<string, number>) => {
      const masks = select(network, scores, { sparsity, scope: 'layerwise', allocation });
      const after = await lObs.compensate!(subject, masks, options);
      t.deepEqual(after, applyMasks(after, masks));
      return { masks, lost: change(after, batch) };
    };
    const [listed, uniform] = [await pruned(shares), await pruned('uniform')];
    t.deepEqual(counts(listed.masks), kept);
    const { 'fc3/kernel': last } = counts(uniform.masks);
    t.true(last < kept['fc3/kernel'] / 2, `${last}`);
    t.true(listed.lost < uniform.lost, `${listed.lost} ${uniform.lost}`);
  });
