import { fileURLToPath } from 'node:url';
import {
  costOf,
  type Masks,
  type Network,
  PrunebenchError,
  parameterSpecs,
  prunableSpecs,
  prunableUnits,
  randomStream,
  recordedCosts,
  select,
  type TrialRecord,
} from '@prunebench/core';
import { initializeParameters } from '@prunebench/network';
import { loadTable, recordTable } from '@prunebench/records';
import { loadRegistry } from '@prunebench/runner';
import { shrink } from '@prunebench/surgery';
import test from 'ava';
import { recounted } from '../migrations/recount-units.ts';

const registry = await loadRegistry();

async function published(method: string, network: string): Promise<TrialRecord> {
  const results = fileURLToPath(new URL('../../results', import.meta.url));
  const { records } = await loadTable(recordTable(results, 'theory-vs-reality', 'cpu'));
  const found = records.find(({ spec }) => spec.method === method && spec.network === network);
  if (!found) throw new Error(`no record of ${method} on ${network}`);
  return found;
}

const networkOf = ({ spec }: TrialRecord) =>
  registry.network(spec.network).build(registry.datasets.get(spec.dataset)!.shape);

/** Units of every layer removed by random scores, so that other ones go than the first or the last. */
function pruned(network: Network, sparsity: number): Masks {
  const random = randomStream(4);
  const removable = new Set(prunableUnits(network));
  const scores = prunableSpecs(network)
    .filter(({ name }) => removable.has(name))
    .map(({ name, shape }) => [name, Float64Array.from({ length: shape.at(-1)! }, () => random.uniform())]);
  return select(network, Object.fromEntries(scores), { sparsity, granularity: 'unit' });
}

/** The record as it was made before: costs by masks alone. */
function older(record: TrialRecord, network: Network, masks: Masks): TrialRecord {
  const { layers, parameters, multiplyAdds } = costOf(network, masks);
  const left = parameterSpecs(network)
    .filter(({ trainable }) => trainable)
    .reduce((sum, { name, shape }) => {
      const size = shape.reduce((product, length) => product * length, 1);
      return sum + (masks[name]?.filter((bit) => bit === 1).length ?? size);
    }, 0);
  const adds = layers.reduce((sum, each) => sum + (each.multiplyAdds.dense / each.weights) * each.remaining, 0);
  const { effective: _, ...measured } = record.measured!;
  return {
    ...record,
    measured: {
      ...measured,
      layers: layers.map(({ name, weights, remaining }) => ({ name, weights, remaining })),
      parameters: { total: parameters.total, remaining: left },
      compressionRatio: parameters.total / left,
      multiplyAdds: { dense: multiplyAdds.dense, remaining: adds },
      theoreticalSpeedup: multiplyAdds.dense / adds,
    },
  };
}

for (const [id, sparsity] of [
  ['lenet-300-100', 0.7],
  ['lenet-5-caffe', 0.5],
  ['vgg-11-w0.25', 0.4],
  ['resnet-20', 0.6],
] as const)
  test(`${id}: the counts of layers give the costs that the real network has when it is shrunk`, async (t) => {
    const record = await published('filter-norm', id);
    const network = networkOf(record);
    const masks = pruned(network, sparsity);
    const { measured, ...rest } = recounted(older(record, network, masks), network)!;
    const parameters = initializeParameters(network, randomStream(1));
    t.like(measured, recordedCosts(costOf(network, masks)));
    const shrunk = shrink(network, { parameters, masks });
    const walked = parameterSpecs(shrunk.network)
      .filter(({ trainable }) => trainable)
      .reduce((sum, { shape }) => sum + shape.reduce((product, length) => product * length, 1), 0);
    t.is(measured!.parameters.remaining, walked, 'nothing but the removed units is missing');
    t.is(rest.speed, record.speed);
    t.deepEqual(measured!.final, record.measured!.final);
  });

test('half of the units of LeNet-5, as published and by hand', async (t) => {
  const record = await published('filter-norm', 'lenet-5-caffe');
  const network = networkOf(record);
  // 10, 25 and 250 units left.
  const kept: Readonly<Record<string, number>> = { 'conv1/kernel': 250, 'conv2/kernel': 12_500, 'fc1/kernel': 200_000 };
  const { effective: _, ...measured } = record.measured!;
  const old: TrialRecord = {
    ...record,
    measured: {
      ...measured,
      layers: measured.layers.map((layer) => ({ ...layer, remaining: kept[layer.name] ?? layer.weights })),
      parameters: { total: 431_080, remaining: 218_045 },
      multiplyAdds: { dense: 2_293_000, remaining: 1_149_000 },
    },
  };
  t.like(recounted(old, network)!.measured, {
    parameters: { total: 431_080, remaining: 109_295 },
    compressionRatio: 431_080 / 109_295,
    multiplyAdds: { dense: 2_293_000, remaining: 646_500 },
    theoreticalSpeedup: 2_293_000 / 646_500,
    effective: { remaining: 109_000, sparsity: 1 - 109_000 / 430_500, cutLayers: [] },
  });
});

test('what has the new counts, and what removed single weights, stays', async (t) => {
  const record = await published('filter-norm', 'lenet-300-100');
  const network = networkOf(record);
  const next = recounted(older(record, network, pruned(network, 0.5)), network)!;
  t.is(recounted(next, network), undefined);
  const weights = await published('magnitude', 'lenet-300-100');
  t.is(recounted(weights, networkOf(weights)), undefined);
});

test('counts that do not say which network is left are refused', async (t) => {
  const record = await published('filter-norm', 'lenet-300-100');
  const network = networkOf(record);
  const old = older(record, network, pruned(network, 0.5));
  const change = (layer: string, remaining: number): TrialRecord => ({
    ...old,
    measured: {
      ...old.measured!,
      layers: old.measured!.layers.map((each) => (each.name === layer ? { ...each, remaining } : each)),
    },
  });
  const [first, second, third] = network.layers
    .filter(({ kind }) => kind === 'dense')
    .map(({ name }) => `${name}/kernel`);
  const refused = (wrong: TrialRecord, message: RegExp) =>
    t.throws(() => recounted(wrong, network), { instanceOf: PrunebenchError, message });
  refused(change(first, 784 * 100 + 1), /no whole units/);
  refused(change(first, 0), /lost all of its units/);
  refused(change(third, 500), /cannot be removed/);
  refused(change(second, 300 * 99), /not those of whole units/);
  const parameters = { ...old.measured!.parameters, remaining: old.measured!.parameters.remaining + 1 };
  refused({ ...old, measured: { ...old.measured!, parameters } }, /not those of whole units/);
});
