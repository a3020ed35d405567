import { type Masks, type Network, type ParameterRecord, select, sparsitySteps } from '@prunebench/core';
import {
  closeTo,
  convNet,
  kernels,
  mlp,
  outputs,
  randomParameters,
  relativeError,
  residualNet,
  score,
  subjectOf,
  withValues,
} from '@prunebench/testing';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { snip, synflow } from '../src/index.ts';
import { sum } from './support.ts';

const sizes = [7, 6, 5, 4];
const network = mlp(sizes);
const parameters = randomParameters(network);

/** |W| as nested arrays, in double precision. */
const absolute = (of: ParameterRecord, layer: number, ins: number, outs: number) =>
  Array.from({ length: ins }, (_, i) =>
    Array.from({ length: outs }, (_, j) => Math.abs(of[`fc${layer}/kernel`].values[i * outs + j])),
  );

/** S(w_ij) = (what reaches i) |w_ij| (what j passes on), and R; each layer divided by its mean to stay in range. */
function closedForm(of: ParameterRecord, layerSizes: readonly number[]): number[][] {
  const weights = layerSizes.slice(1).map((outs, l) => {
    const w = absolute(of, l + 1, layerSizes[l], outs);
    const mean = sum(w.flat()) / w.flat().length;
    return w.map((row) => row.map((value) => value / mean / layerSizes[l]));
  });
  const into = [new Array<number>(layerSizes[0]).fill(1)];
  for (const [l, w] of weights.entries()) into.push(w[0].map((_, j) => sum(w.map((row, i) => into[l][i] * row[j]))));
  const onward = [new Array<number>(layerSizes.at(-1)!).fill(1)];
  for (const w of [...weights].reverse())
    onward.unshift(w.map((row) => sum(row.map((value, j) => value * onward[0][j]))));
  return weights.map((w, l) => w.flatMap((row, i) => row.map((value, j) => into[l][i] * value * onward[l + 1][j])));
}

/** Scores of all layers divided by the largest: they are given up to a common factor. */
const shares = (layers: readonly ArrayLike<number>[]) => {
  const all = layers.flatMap((layer) => Array.from(layer));
  const largest = Math.max(...all);
  return all.map((value) => value / largest);
};

const scoresOf = async (of: Network, values: ParameterRecord, masks: Masks = {}) =>
  Object.values(await score(synflow, subjectOf(of, values, { masks })));

test('dense: the product of what reaches a weight, the weight, and what it passes on', async (t) => {
  t.true(relativeError(shares(await scoresOf(network, parameters)), shares(closedForm(parameters, sizes))) < 1e-5);
});

test('every layer holds the whole flow, and every hidden unit passes on what it gets', async (t) => {
  const scores = await scoresOf(network, parameters);
  const total = sum(scores[0]);
  for (const layer of scores) closeTo(t, sum(layer) / total, 1, 1e-5);
  for (const l of [1, 2])
    for (let unit = 0; unit < sizes[l]; unit++) {
      const entering = sum(scores[l - 1].filter((_, flat) => flat % sizes[l] === unit));
      const leaving = sum(scores[l].filter((_, flat) => Math.floor(flat / sizes[l + 1]) === unit));
      closeTo(t, entering / leaving, 1, 1e-5);
    }
});

for (const conv of [meanPooled(convNet()), residualNet()])
  test(`${conv.name}: the flow is linear in a weight, so its score is what R loses without it`, async (t) => {
    const values = randomParameters(conv);
    const flow = (weights: ParameterRecord) => {
      const ones = {
        x: new Float32Array(conv.inputShape.reduce((a, b) => a * b)).fill(1),
        y: new Int32Array(1),
        size: 1,
      };
      return sum(outputs(conv, positive(weights), ones));
    };
    const total = flow(values);
    const losses: number[] = [];
    const picked: number[] = [];
    const scores = await score(synflow, subjectOf(conv, values));
    for (const [name, layer] of Object.entries(scores))
      for (let flat = 0; flat < layer.length; flat += 7) {
        const without = withValues(values, { [name]: values[name].values.map((w, i) => (i === flat ? 0 : w)) });
        losses.push((total - flow(without)) / total);
        picked.push(layer[flat]);
      }
    // One common factor between the two: from the last dense layer, whose scores sum to R.
    const factor = sum(Object.values(scores).at(-1)!);
    t.true(
      relativeError(
        picked.map((s) => s / factor),
        losses,
      ) < 1e-3,
    );
  });

test('fifty-nine layers: R leaves single precision on either side, the scores do not', async (t) => {
  const deep = mlp(new Array(60).fill(12));
  for (const scale of [100, 1e-4]) {
    const values = withValues(
      randomParameters(deep),
      Object.fromEntries(
        Object.entries(randomParameters(deep)).map(([name, { values }]) => [name, values.map((w) => scale * w)]),
      ),
    );
    const logFlow = 59 * Math.log10(scale);
    t.true(Math.abs(logFlow) > 100);
    const scores = await scoresOf(deep, values);
    t.true(relativeError(shares(scores), shares(closedForm(values, new Array(60).fill(12)))) < 1e-4);
  }
});

const criticalSizes = [50, 200, 20, 200, 10];
const critical = mlp(criticalSizes);
const weights = sum(criticalSizes.slice(1).map((outs, l) => outs * criticalSizes[l]));

async function leftPerLayer(criterion: typeof synflow, rounds: number, kept: number): Promise<number[]> {
  let masks: Masks = {};
  for (const sparsity of sparsitySteps({ kind: 'exponential', rounds }, 1 - kept / weights)) {
    const scores = await score(criterion, subjectOf(critical, randomParameters(critical), { masks }));
    masks = select(critical, scores, { masks, sparsity, allowLayerCollapse: true });
  }
  return Object.values(masks).map((mask) => sum(mask));
}

test('four weights for four layers: a hundred rounds leave one in each, a single round and SNIP empty layers', async (t) => {
  t.deepEqual(await leftPerLayer(synflow, 100, 4), [1, 1, 1, 1]);
  t.true((await leftPerLayer(synflow, 1, 4)).includes(0));
  t.true((await leftPerLayer(snip, 1, 4)).includes(0));
});

test('scaling a layer of a chain scales all scores alike', async (t) => {
  const scaled = withValues(parameters, { 'fc2/kernel': parameters['fc2/kernel'].values.map((w) => 1000 * w) });
  t.true(relativeError(shares(await scoresOf(network, scaled)), shares(await scoresOf(network, parameters))) < 1e-5);
});

test('one layer: the order of the magnitudes', async (t) => {
  const single = mlp([5, 3]);
  const values = randomParameters(single);
  const [scores] = await scoresOf(single, values);
  t.true(relativeError(shares([scores]), shares([values['fc1/kernel'].values.map(Math.abs)])) < 1e-6);
});

test('signs, biases, data and what is masked do not matter', async (t) => {
  const masks = { 'fc1/kernel': new Uint8Array(42).fill(1).fill(0, 0, 10) };
  const before = await scoresOf(network, parameters, masks);
  t.true(before[0].subarray(0, 10).every((s) => s === 0));
  const other = withValues(parameters, {
    'fc1/kernel': parameters['fc1/kernel'].values.map((w, i) => (i < 10 ? 77 : -w)),
    'fc2/bias': parameters['fc2/bias'].values.map(() => 5),
  });
  t.deepEqual(await scoresOf(network, other, masks), before);
  const noData = subjectOf(network, parameters, { masks, batches: [] });
  t.deepEqual(Object.values(await score(synflow, noData)), before);
});

test('an empty layer stops the flow: all scores are 0, none is NaN', async (t) => {
  const dead = kernels(mlp([2, 2, 2]), { fc1: [0, 0, 0, 0], fc2: [1, 2, 3, 4] });
  t.deepEqual(
    (await scoresOf(mlp([2, 2, 2]), dead)).map((layer) => [...layer]),
    [
      [0, 0, 0, 0],
      [0, 0, 0, 0],
    ],
  );
});

// Serial: scores are awaited, and other tests' tensors would be alive meanwhile.
test.serial('no tensor is left behind', async (t) => {
  const before = tf.memory().numTensors;
  await scoresOf(network, parameters);
  t.is(tf.memory().numTensors, before);
});

/** Absolute kernels and batch-norm scales; no biases, shifts or means. */
function positive(values: ParameterRecord): ParameterRecord {
  return withValues(
    values,
    Object.fromEntries(
      Object.entries(values).map(([name, { values: v }]) => [
        name,
        v.map((x) => (/kernel|gamma|movingVariance/.test(name) ? Math.abs(x) : 0)),
      ]),
    ),
  );
}

function meanPooled(of: Network): Network {
  return {
    ...of,
    layers: of.layers.map((layer) => (layer.kind === 'maxPool' ? { ...layer, kind: 'avgPool' } : layer)),
  };
}
