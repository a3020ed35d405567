import { defineNetwork, INPUT, type Network, type ParameterRecord, unitMasks } from '@prunebench/core';
import { contributions, outgoingLinks, sumConsumption } from '@prunebench/signals';
import {
  closeTo,
  convNet,
  mlp,
  outputs,
  randomBatch,
  randomParameters,
  relativeError,
  residualNet,
  score,
  subjectOf,
  withValues,
} from '@prunebench/testing';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { hagiwaraEnergy, hagiwaraPower, unitGoodness, unitIncoming } from '../src/index.ts';

const relu = (a: number) => Math.max(0, a);
const sum = (values: Iterable<number>) => [...values].reduce((total, value) => total + value, 0);

/** A dense network's activations [layer][unit] for one example, written as loops. */
function activations(sizes: readonly number[], parameters: ParameterRecord, x: ArrayLike<number>): number[][] {
  const layers: number[][] = [Array.from(x)];
  for (let l = 1; l < sizes.length; l++) {
    const kernel = parameters[`fc${l}/kernel`].values;
    const bias = parameters[`fc${l}/bias`].values;
    const before = layers[l - 1];
    layers.push(
      Array.from({ length: sizes[l] }, (_, j) => {
        const a = bias[j] + sum(before.map((z, i) => z * kernel[i * sizes[l] + j]));
        return l === sizes.length - 1 ? a : relu(a);
      }),
    );
  }
  return layers;
}

const sizes = [5, 4, 3, 2];
const network = mlp(sizes);
const parameters = randomParameters(network);
const batches = [randomBatch(network, 7, 1), randomBatch(network, 4, 2)];
const examples = batches.flatMap(({ x, size }) => Array.from({ length: size }, (_, n) => x.subarray(5 * n, 5 * n + 5)));
const passes = examples.map((x) => activations(sizes, parameters, x));
const subject = subjectOf(network, parameters, { batches });

test('dense: energy, goodness and power equal their formulas written as loops', async (t) => {
  const [energy, goodness, power] = await Promise.all([
    score(hagiwaraEnergy, subject),
    score(unitGoodness, subject),
    score(hagiwaraPower, subject),
  ]);
  for (const l of [1, 2]) {
    const w = (i: number, j: number) => parameters[`fc${l + 1}/kernel`].values[i * sizes[l + 1] + j];
    const over = (term: (z: number[], next: number[], i: number, j: number) => number) =>
      Array.from({ length: sizes[l] }, (_, i) =>
        sum(passes.flatMap((z) => Array.from({ length: sizes[l + 1] }, (_, j) => term(z[l], z[l + 1], i, j)))),
      );
    const name = `fc${l}/kernel`;
    const expectedEnergy = over((z, next, i, j) => w(i, j) * z[i] * next[j]).map(Math.abs);
    t.true(relativeError(energy[name], expectedEnergy) < 1e-5);
    t.true(
      relativeError(
        goodness[name],
        over((z, _, i, j) => (w(i, j) * z[i]) ** 2),
      ) < 1e-5,
    );
    const expectedPower = over((_z, _next, i, j) => w(i, j) ** 2 / passes.length);
    t.true(relativeError(power[name], expectedPower) < 1e-5);
  }
});

test('dense: goodness is the weights power times the sum of squared activations', async (t) => {
  const goodness = await score(unitGoodness, subject);
  const power = await score(hagiwaraPower, subject);
  for (const l of [1, 2]) {
    const signal = Array.from({ length: sizes[l] }, (_, i) => sum(passes.map((z) => z[l][i] ** 2)));
    const product = Array.from(power[`fc${l}/kernel`], (pw, i) => pw * signal[i]);
    t.true(relativeError(goodness[`fc${l}/kernel`], product) < 1e-5);
  }
});

test('the signed energies of a layer add up to sum (a - b) z of its reader', async (t) => {
  const energies = await sumConsumption(subject, { batchSize: 11 }, ({ link, kernel, z, next }) =>
    contributions(link, kernel, z, () => next),
  );
  const { values: bias } = parameters['fc3/bias'];
  const expected = sum(passes.flatMap((z) => z[3].map((output, j) => (output - bias[j]) * output)));
  closeTo(t, sum(energies['fc2/kernel']) / expected, 1, 1e-5);
});

// Serial: scores are awaited, and other tests' tensors would be alive meanwhile.
test.serial('no tensor is left behind', async (t) => {
  const before = tf.memory().numTensors;
  await score(hagiwaraEnergy, subject);
  await score(unitGoodness, subject);
  t.is(tf.memory().numTensors, before);
});

test('links in, out and both', async (t) => {
  const [out, incoming, both] = await Promise.all(
    ['out', 'in', 'both'].map((links) => score(hagiwaraPower, subject, { links })),
  );
  const kernel = parameters['fc1/kernel'].values;
  const expected = Array.from({ length: 4 }, (_, j) =>
    sum(kernel.filter((_, flat) => flat % 4 === j).map((w) => w * w)),
  );
  t.true(relativeError(incoming['fc1/kernel'], expected) < 1e-6);
  t.true(
    relativeError(
      both['fc1/kernel'],
      out['fc1/kernel'].map((o, i) => o + incoming['fc1/kernel'][i]),
    ) < 1e-12,
  );
});

test('a unit that nobody listens to: nothing in Hagiwara, a lot in the survey, and no logit misses it', async (t) => {
  const mute = 2;
  const planted = withValues(parameters, {
    'fc1/kernel': parameters['fc1/kernel'].values.map((w, flat) => (flat % 4 === mute ? 10 : w)),
    'fc2/kernel': parameters['fc2/kernel'].values.map((w, flat) => (Math.floor(flat / 3) === mute ? 0 : w)),
  });
  const of = subjectOf(network, planted, { batches });
  for (const criterion of [hagiwaraEnergy, unitGoodness])
    t.is((await score(criterion, of))['fc1/kernel'][mute], 0, criterion.id);
  t.is((await score(hagiwaraPower, of))['fc1/kernel'][mute], 0);
  const incoming = (await score(unitIncoming, of))['fc1/kernel'];
  t.is(incoming[mute], Math.max(...incoming));
  t.deepEqual(
    outputs(network, without(network, planted, 'fc1', mute), batches[0]),
    outputs(network, planted, batches[0]),
  );
});

test('convolutions: goodness and energy equal explicit sums over positions and kernel offsets', async (t) => {
  const conv = convNet();
  const values = randomParameters(conv);
  const batch = randomBatch(conv, 3);
  const [z, next] = ['pool1', 'relu2'].map((name) => tapped(conv, values, batch, name));
  const kernel = values['conv2/kernel'].values;
  const goodness = new Float64Array(4);
  const energy = new Float64Array(4);
  // z is [3, 4, 4, 4]; the valid 3x3 convolution gives [3, 2, 2, 5].
  for (let flat = 0; flat < kernel.length; flat++) {
    const [j, i] = [flat % 5, Math.floor(flat / 5) % 4];
    const [kx, ky] = [Math.floor(flat / 20) % 3, Math.floor(flat / 60)];
    for (let n = 0; n < 3; n++)
      for (let y = 0; y < 2; y++)
        for (let x = 0; x < 2; x++) {
          const signal = kernel[flat] * z[((n * 4 + y + ky) * 4 + x + kx) * 4 + i];
          goodness[i] += signal ** 2;
          energy[i] += signal * next[((n * 2 + y) * 2 + x) * 5 + j];
        }
  }
  const of = subjectOf(conv, values, { batches: [batch] });
  t.true(relativeError((await score(unitGoodness, of))['conv1/kernel'], goodness) < 1e-5);
  t.true(relativeError((await score(hagiwaraEnergy, of))['conv1/kernel'], energy.map(Math.abs)) < 1e-5);
});

test('a filter behind flatten owns every C-th feature', async (t) => {
  const conv = convNet();
  const values = randomParameters(conv);
  const kernel = values['fc1/kernel'].values;
  const expected = new Float64Array(5);
  // [2, 2, 5] flattened: feature (y * 2 + x) * 5 + c; the kernel is [20, 6].
  for (let position = 0; position < 4; position++)
    for (let c = 0; c < 5; c++) for (let j = 0; j < 6; j++) expected[c] += kernel[(position * 5 + c) * 6 + j] ** 2;
  t.true(relativeError((await score(hagiwaraPower, subjectOf(conv, values)))['conv2/kernel'], expected) < 1e-6);
});

test('grouped convolutions: clearing the weights that read a channel is clearing the channel', (t) => {
  const grouped = groupedNet();
  const values = randomParameters(grouped);
  const batch = randomBatch(grouped, 2);
  const [link] = outgoingLinks(grouped, 'first', 4);
  for (let channel = 0; channel < 4; channel++) {
    const unread = withValues(values, {
      'second/kernel': values['second/kernel'].values.map((w, flat) => (link.unitOf(flat) === channel ? 0 : w)),
    });
    const silent = without(grouped, values, 'first', channel);
    t.true(relativeError(outputs(grouped, unread, batch), outputs(grouped, silent, batch)) < 1e-6);
    t.true(relativeError(outputs(grouped, unread, batch), outputs(grouped, values, batch)) > 1e-3);
  }
});

test('in a residual block only the inner layer has units of its own', async (t) => {
  const residual = residualNet();
  for (const criterion of [hagiwaraPower, unitIncoming])
    t.deepEqual(
      Object.keys(await score(criterion as typeof unitIncoming, subjectOf(residual, randomParameters(residual)))),
      ['conv1/kernel'],
    );
  t.throws(() => outgoingLinks(residual, 'conv2', 4), { message: /add/ });
});

/** The parameters without one output unit of a layer: its weights, bias and batch norm are 0. */
function without(of: Network, values: ParameterRecord, layer: string, unit: number): ParameterRecord {
  const units = values[`${layer}/kernel`].shape.at(-1)!;
  const masks = unitMasks(of, `${layer}/kernel`, new Uint8Array(units).fill(1).fill(0, unit, unit + 1));
  return withValues(
    values,
    Object.fromEntries(
      Object.entries(masks).map(([name, mask]) => [name, values[name].values.map((v, i) => v * mask[i])]),
    ),
  );
}

/** The output of one layer: that of the network cut behind it. */
function tapped(
  of: Network,
  values: ParameterRecord,
  batch: ReturnType<typeof randomBatch>,
  layer: string,
): Float32Array {
  const end = of.layers.findIndex(({ name }) => name === layer) + 1;
  return outputs({ ...of, layers: of.layers.slice(0, end) }, values, batch);
}

function groupedNet(): Network {
  const convolution = {
    kind: 'conv2d',
    kernelSize: [3, 3],
    strides: [1, 1],
    dilation: [1, 1],
    padding: 'same',
    useBias: true,
  } as const;
  return defineNetwork({
    name: 'grouped',
    inputShape: [4, 4, 2],
    layers: [
      { ...convolution, name: 'first', inputs: [INPUT], filters: 4, groups: 1 },
      { kind: 'activation', name: 'relu', inputs: ['first'], activation: 'relu' },
      { ...convolution, name: 'second', inputs: ['relu'], filters: 6, groups: 2 },
    ],
  });
}
