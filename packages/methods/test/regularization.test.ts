import { type Network, prunableUnits, type State } from '@prunebench/core';
import magnitude from '@prunebench/criterion-magnitude';
import type { Extension, HookContext } from '@prunebench/network';
import { mlp, randomParameters, residualNet, score, subjectOf } from '@prunebench/testing';
import { toyDataset } from '@prunebench/testing/toy-dataset';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import plugin from '../src/index.ts';
import { karnin } from '../src/regularization/karnin.ts';
import { batchNormScale, networkSlimming } from '../src/regularization/network-slimming.ts';
import { extensions, stepped, trainedWith } from './support/trained.ts';

const network = mlp([4, 5, 2]);
const dataset = toyDataset({ inputShape: [4], classes: 2, sizes: { train: 24 } });
const start: State = { parameters: randomParameters(network, 1), masks: {} };
const sgd = { optimizer: { kind: 'sgd' as const, momentum: 0 }, batchSize: 24, learningRate: 0.1, epochs: 3 };

function made(id: string, options: Record<string, unknown>, of: Network = network): Extension {
  return extensions.get(id)!.create(options, { network: of, state: start, totalUpdates: 10 } as never);
}
/** Of a penalty, at these values of every weight of the first kernel. */
function slope(id: string, options: Record<string, unknown>, values: readonly number[]): number[] {
  const { penalty } = made(id, options);
  const rest = Object.fromEntries(
    Object.entries(start.parameters).map(([name, { shape }]) => [name, tf.zeros([...shape])]),
  );
  const at = tf.grad((w) => penalty!({ ...rest, 'fc1/kernel': w }, {} as HookContext));
  const padded = Float32Array.from({ length: 20 }, (_, i) => values[i] ?? 0);
  return [...at(tf.tensor(padded, [4, 5])).dataSync()].slice(0, values.length);
}

test('weight elimination pulls most at w0 / √3, by 9 λ / (8 √3 w0), and lets large weights be', (t) => {
  const [strength, scale] = [0.7, 0.5];
  const peak = scale / Math.sqrt(3);
  const [most, below, above, far] = slope('weight-elimination', { strength, scale }, [
    peak,
    peak * 0.9,
    peak * 1.1,
    50,
  ]);
  t.true(Math.abs(most - (9 * strength) / (8 * Math.sqrt(3) * scale)) < 1e-5);
  t.true(most > below && most > above && far < 1e-4);
});

test('Setiono’s penalty without its decay is weight elimination; its decay is 2 ε2 w', (t) => {
  const values = [-2, -0.1, 0, 0.3, 5];
  const setiono = slope('setiono-penalty', { elimination: 0.3, decay: 0, beta: 4 }, values);
  const weigend = slope('weight-elimination', { strength: 0.3, scale: 0.5 }, values);
  t.true(setiono.every((value, i) => Math.abs(value - weigend[i]) < 1e-6));
  const decay = slope('setiono-penalty', { elimination: 0, decay: 0.01 }, values);
  t.true(decay.every((value, i) => Math.abs(value - 0.02 * values[i]) < 1e-6));
});

test('quadratic decay: coupled and decoupled are one under plain SGD and two under Adam', async (t) => {
  const run = async (decoupled: boolean, more: object) =>
    (await trainedWith(network, start, dataset, 'quadratic-penalty', { strength: 0.5, decoupled }, { ...sgd, ...more }))
      .state.parameters['fc1/kernel'].values;
  const distance = (a: Float32Array, b: Float32Array) => Math.max(...a.map((value, i) => Math.abs(value - b[i])));
  // w - η (g + ε w) and (w - η g) (1 - η ε) differ by η² ε g, and that at each of three steps.
  t.true(distance(await run(false, {}), await run(true, {})) < 3 * 0.01 * 0.5);
  const adam = { optimizer: { kind: 'adam' as const } };
  t.true(distance(await run(false, adam), await run(true, adam)) > 0.02);
});

test('quadratic decay alone shrinks a weight that nothing else moves by (1 - η ε) a step', async (t) => {
  // A unit that no output reads.
  const silent = {
    ...start.parameters['fc2/kernel'],
    values: start.parameters['fc2/kernel'].values.map((w, i) => (i < 2 ? 0 : w)),
  };
  const state = {
    parameters: { ...start.parameters, 'fc2/kernel': silent },
    masks: { 'fc2/kernel': Uint8Array.from(silent.values, (_, i) => (i < 2 ? 0 : 1)) },
  };
  for (const decoupled of [false, true]) {
    const { parameters } = (
      await trainedWith(network, state, dataset, 'quadratic-penalty', { strength: 0.5, decoupled }, sgd)
    ).state;
    for (const i of [0, 5, 10, 15])
      t.true(
        Math.abs(parameters['fc1/kernel'].values[i] - start.parameters['fc1/kernel'].values[i] * 0.95 ** 3) < 1e-6,
      );
  }
});

test('Karnin’s sums under plain SGD are rate times the squared gradients, and the score scales them', async (t) => {
  const { state } = await trainedWith(network, start, dataset, 'karnin-sums', {}, sgd);
  // With one batch an epoch and plain SGD every update is -η g: three trainings of one, two and three updates give them.
  const after = [start];
  for (const epochs of [1, 2, 3])
    after.push((await trainedWith(network, start, dataset, 'karnin-sums', {}, { ...sgd, epochs })).state);
  const values = after.map(({ parameters }) => parameters['fc1/kernel'].values);
  const sums = state.variables!['karnin-sums/fc1/kernel/sum'].values;
  for (const [i, sum] of sums.entries()) {
    const expected = [1, 2, 3].reduce((total, n) => total + (values[n][i] - values[n - 1][i]) ** 2 / 0.1, 0);
    t.true(Math.abs(sum - expected) < 1e-5 + 1e-3 * expected);
  }
  const subject = { ...subjectOf(network, state.parameters), variables: state.variables };
  const scores = await score(karnin, subject, {});
  const [last, first] = [values[3], values[0]];
  for (const [i, s] of scores['fc1/kernel'].entries()) {
    const expected = last[i] === first[i] ? 0 : (sums[i] * last[i]) / (last[i] - first[i]);
    t.true(Math.abs(s - expected) <= 1e-4 * (1e-3 + Math.abs(expected)));
  }
});

test('Karnin’s score without sums is refused, with what to do', async (t) => {
  await t.throwsAsync(async () => score(karnin, subjectOf(network, start.parameters), {}), {
    message: /a sum over a training/,
  });
});

const images = toyDataset({ inputShape: [6, 6, 3], classes: 3, sizes: { train: 12, validation: 6, test: 6 } });

test('slimming: λ sign(γ), nothing at 0; the proximal step makes exact zeros', (t) => {
  const net = residualNet();
  const gammas = Object.entries(randomParameters(net, 1)).filter(([name]) => name.endsWith('/gamma'));
  const [name] = gammas[0];
  const tensors = Object.fromEntries(gammas.map(([key, { shape }]) => [key, tf.zeros([...shape])]));
  const values = tf.tensor1d(Array.from({ length: tensors[name].size }, (_, i) => [0, -2, 0.05, 3][i % 4]));
  const { penalty } = made('network-slimming', { strength: 0.1 }, net);
  const slopes = tf
    .grad((gamma) => penalty!({ ...tensors, [name]: gamma }, {} as HookContext))(values)
    .dataSync();
  t.true([...slopes].every((value, i) => Math.abs(value - [0, -0.1, 0.1, 0.1][i % 4]) < 1e-7));
  const { afterUpdate } = made('network-slimming', { strength: 0.1, proximal: true }, net);
  const shrunk = afterUpdate!({ ...tensors, [name]: values }, { learningRate: tf.scalar(1) } as HookContext)[
    name
  ].dataSync();
  t.true([...shrunk].every((value, i) => Math.abs(value - [0, -1.9, 0, 2.9][i % 4]) < 1e-6));
  t.is(shrunk[2], 0);
});

test('slimming of a residual network: units by |γ| of all layers together; a network without batch norm is refused', async (t) => {
  const net = residualNet();
  const parameters = randomParameters(net, 1);
  const scores = await score(batchNormScale, subjectOf(net, parameters), {});
  t.deepEqual(Object.keys(scores), prunableUnits(net));
  const plan = {
    network: net,
    at: { lambda: 0.01 },
    pretrain: { epochs: 1, batchSize: 6, learningRate: 0.05 } as never,
    retrain: { epochs: 1, batchSize: 6, learningRate: 0.05 } as never,
    options: networkSlimming.options.parse({ units: 0.5 }),
  };
  const { states, kinds } = await stepped(networkSlimming, plan, {
    dataset: images,
    criteria: [...magnitude.criteria!, ...plugin.criteria],
  });
  t.deepEqual(kinds, ['train', 'prune', 'train']);
  const kept = prunableUnits(net).flatMap((kernel) => {
    const { shape } = parameters[kernel];
    const units = shape.at(-1)!;
    return Array.from({ length: units }, (_, u) => states[1].masks[kernel]?.[u] ?? 1);
  });
  t.is(kept.filter((bit) => bit === 0).length, Math.round(kept.length / 2));
  await t.throwsAsync(trainedWith(network, start, dataset, 'network-slimming', {}, sgd), { message: /no batch norm/ });
});
