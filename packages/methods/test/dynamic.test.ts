import { type Masks, prunableSpecs, randomStream, type State } from '@prunebench/core';
import magnitude from '@prunebench/criterion-magnitude';
import { mlp, randomParameters } from '@prunebench/testing';
import { toyDataset } from '@prunebench/testing/toy-dataset';
import test from 'ava';
import { largest } from '../src/dynamic/exchange.ts';
import { exchangedShare, rigl, riglExtension } from '../src/dynamic/rigl.ts';
import { set, setExtension, smallest } from '../src/dynamic/set.ts';
import { stepped, trainedWith } from './support/trained.ts';

const network = mlp([20, 30, 3]);
const dataset = toyDataset({ inputShape: [20], classes: 3, sizes: { train: 120, validation: 20, test: 20 } });
const parameters = randomParameters(network, 1);
const masks: Masks = {
  'fc1/kernel': Uint8Array.from({ length: 600 }, (_, i) => ((i * 7) % 10 === 0 ? 1 : 0)),
  'fc2/kernel': new Uint8Array(90).fill(1),
};
const start: State = { parameters, masks };
const live = ({ masks: all }: State, name = 'fc1/kernel') => all[name].reduce((sum, bit) => sum + bit, 0);
const budget = { epochs: 4, batchSize: 20, learningRate: 0.05 };

test('the largest: as a sort has them, the first ones of equals', (t) => {
  const values = Float32Array.from({ length: 500 }, (_, i) => (i * 37) % 41);
  const candidates = Int32Array.from({ length: 250 }, (_, i) => 2 * i);
  for (const count of [0, 1, 40, 249, 250]) {
    const sorted = [...candidates].sort((a, b) => values[b] - values[a] || a - b).slice(0, count);
    t.deepEqual(
      [
        ...largest(
          values.filter((_, at) => at % 2 === 0 && at < 500),
          candidates,
          count,
        ),
      ],
      sorted.sort((a, b) => a - b),
    );
  }
});

test('RigL’s share falls along half a cosine', (t) => {
  t.is(exchangedShare(0.3, 0), 0.3);
  t.true(Math.abs(exchangedShare(0.3, 0.5) - 0.15) < 1e-12);
  t.is(exchangedShare(0.3, 1), 0);
});

/** The extension's event alone, on a training that a test writes down. */
async function exchangedBy(kind: 'rigl' | 'set', gradient: Float32Array, options: Record<string, unknown>) {
  const extension = { rigl: riglExtension, set: setExtension }[kind].create(options, {
    network,
    totalUpdates: 100,
    updatesPerEpoch: 10,
  } as never);
  let next: Masks = {};
  const calls: string[] = [];
  await extension.event!({
    update: 50,
    masks,
    random: randomStream(3),
    read: async (name: string) => parameters[name].values,
    gradients: async () => ({ 'fc1/kernel': gradient }),
    setMasks: async (chosen: Masks) => {
      next = chosen;
    },
    clearSlots: () => calls.push('clearSlots'),
    replaceUpdate: () => calls.push('replaceUpdate'),
  } as never);
  return { next, calls };
}

test('RigL closes the smallest and opens where gradients are largest; a dense layer is left alone', async (t) => {
  const gradient = Float32Array.from({ length: 600 }, (_, i) => Math.sin(i * 3.7));
  const { next, calls } = await exchangedBy('rigl', gradient, { fraction: 0.4, end: 1 });
  t.deepEqual(Object.keys(next), ['fc1/kernel']);
  t.deepEqual(calls, ['replaceUpdate']);
  const [before, after] = [masks['fc1/kernel'], next['fc1/kernel']];
  const count = Math.floor(0.2 * 60);
  const byMagnitude = [...before.keys()]
    .filter((i) => before[i] === 1)
    .sort((a, b) => Math.abs(parameters['fc1/kernel'].values[a]) - Math.abs(parameters['fc1/kernel'].values[b]));
  const kept = new Set(byMagnitude.slice(count));
  for (const i of kept) t.is(after[i], 1);
  const opened = [...after.keys()].filter((i) => after[i] === 1 && !kept.has(i));
  t.is(opened.length, count);
  const weakest = Math.min(...opened.map((i) => Math.abs(gradient[i])));
  for (const i of after.keys()) if (after[i] === 0) t.true(Math.abs(gradient[i]) <= weakest);
});

test('SET closes by sign, opens as many at random, and begins again with the optimizer', async (t) => {
  const { values } = parameters['fc1/kernel'];
  const closing = new Set(smallest(values, masks['fc1/kernel'], 0.3, true));
  for (const sign of [1, -1]) {
    const own = [...values.keys()].filter((i) => masks['fc1/kernel'][i] === 1 && Math.sign(values[i]) === sign);
    const sizes = (part: number[]) => part.map((i) => Math.abs(values[i]));
    const [gone, left] = [own.filter((i) => closing.has(i)), own.filter((i) => !closing.has(i))];
    t.is(gone.length, Math.floor(0.3 * own.length));
    t.true(Math.max(...sizes(gone)) <= Math.min(...sizes(left)));
  }
  const { next, calls } = await exchangedBy('set', new Float32Array(), {});
  t.deepEqual(calls, ['clearSlots']);
  t.is(live({ parameters, masks: next }), 60);
  for (const [i, bit] of masks['fc1/kernel'].entries())
    if (bit === 1 && !closing.has(i)) t.is(next['fc1/kernel'][i], 1);
});

test('SET opens every free place equally often', async (t) => {
  const counts = new Float64Array(600);
  const closing = new Set(smallest(parameters['fc1/kernel'].values, masks['fc1/kernel'], 0.3, true));
  const free = [...counts.keys()].filter((i) => masks['fc1/kernel'][i] === 0 || closing.has(i));
  const rounds = 400;
  for (let round = 0; round < rounds; round++) {
    const extension = setExtension.create({}, { network, totalUpdates: 100, updatesPerEpoch: 10 } as never);
    await extension.event!({
      masks,
      random: randomStream(round),
      read: async (name: string) => parameters[name].values,
      setMasks: async (chosen: Masks) => {
        for (const i of free) counts[i] += chosen['fc1/kernel'][i];
      },
      clearSlots: () => {},
    } as never);
  }
  const expected = (rounds * closing.size) / free.length;
  const chiSquare = free.reduce((sum, i) => sum + (counts[i] - expected) ** 2 / expected, 0);
  // Of free.length - 1 degrees of freedom, drawn without replacement; 6 standard deviations.
  t.true(Math.abs(chiSquare - free.length) < 6 * Math.sqrt(2 * free.length), `${chiSquare}`);
});

for (const id of ['set', 'rigl'])
  test(`${id}: the number of weights stays, and the masks move`, async (t) => {
    const { state } = await trainedWith(network, start, dataset, id, id === 'rigl' ? { every: 5 } : {}, budget);
    t.is(live(state), 60);
    t.notDeepEqual(state.masks['fc1/kernel'], masks['fc1/kernel']);
    t.deepEqual(state.masks['fc2/kernel'], masks['fc2/kernel']);
    t.true(state.parameters['fc1/kernel'].values.every((w, i) => state.masks['fc1/kernel'][i] === 1 || w === 0));
  });

test('a mask that moves needs a training to move in', (t) => {
  for (const method of [set, rigl])
    t.throws(
      () =>
        method.steps({
          network,
          at: { sparsity: 0.8 },
          pretrain: null,
          retrain: null,
          options: method.options.parse({}),
        }),
      { message: /nothing is trained/ },
    );
});

test('SET that closes nothing is static sparse training', async (t) => {
  const still = { fraction: 0, resetOptimizer: false };
  const { state } = await trainedWith(network, start, dataset, 'set', still, budget);
  const plain = await trainedWith(network, start, dataset, 'rigl', { every: 10_000 }, budget);
  t.deepEqual(state.masks, plain.state.masks);
  // Removed weights may be 0 or -0.
  for (const [name, { values }] of Object.entries(plain.state.parameters))
    t.true(
      values.every((w, i) => w === state.parameters[name].values[i]),
      name,
    );
});

for (const method of [set, rigl])
  test(`${method.id}: a random mask with exact counts in every layer, then a training that moves it`, async (t) => {
    const plan = {
      network,
      at: { sparsity: 0.8 },
      pretrain: budget as never,
      retrain: null,
      options: method.options.parse(method.id === 'rigl' ? { every: 4 } : {}),
    };
    const { states, kinds } = await stepped(method, plan, { dataset, criteria: magnitude.criteria! });
    t.deepEqual(kinds, ['prune', 'sparsify']);
    for (const { name } of prunableSpecs(network)) t.is(live(states[1], name), live(states[0], name));
    t.is(live(states[0]) + live(states[0], 'fc2/kernel'), Math.round(0.2 * 690));
    t.notDeepEqual(states[1].masks, states[0].masks);
  });
