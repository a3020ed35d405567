import { defineNetwork, INPUT, type Network, PrunebenchError, select } from '@prunebench/core';
import {
  closeTo,
  kernels,
  mlp,
  randomBatch,
  randomParameters,
  relativeError,
  score,
  subjectOf,
  withValues,
} from '@prunebench/testing';
import { bestMove, inverse, product, randomRows, solve, transpose } from '@prunebench/testing/dense-matrices';
import test from 'ava';
import { obs, obsStopRule } from '../src/index.ts';
import { obsCurvature, obsOptions, obsScores } from '../src/obs.ts';
import { gaussNewton, kernelEntries } from './gauss-newton-reference.ts';
import { differences, exampleLosses, examples, float64, referenceOutput, type Values } from './reference-network.ts';

const defaults = obsOptions.parse({});

/** y = Wᵀx (+ b), half squared error: the loss is a quadratic in the weights, so every prediction of OBS is exact. */
function linear(inputs: number, units: number, useBias: boolean): Network {
  return defineNetwork({
    name: 'linear',
    inputShape: [inputs],
    loss: 'squared-error',
    layers: [{ kind: 'dense', name: 'fc', inputs: [INPUT], units, useBias }],
  });
}

/** Labels and the least-squares weights [inputs, 1] for them. */
function regression(inputs: number, size: number) {
  const x = randomRows(size, inputs, 3);
  const labels = x.map((_, k) => (k % 3 === 0 ? 1 : 0));
  const gram = product(transpose(x), x);
  const weights = solve(
    gram,
    product(
      transpose(x),
      labels.map((label) => [label]),
    ).flat(),
  );
  const batch = { x: Float32Array.from(x.flat()), y: Int32Array.from(labels), size };
  return { batch, weights, hessian: gram.map((row) => row.map((value) => value / size)) };
}

test('linear regression: the first removal is the best one, its L_q the exact increase, and δw the refit without it', async (t) => {
  const network = linear(5, 1, false);
  const { batch, weights, hessian } = regression(5, 30);
  const subject = subjectOf(network, kernels(network, { fc: weights }), { batches: [batch] });
  const options = { ...defaults, damping: 1e-8 };
  const scores = await score(obs, subject, options);
  const masks = select(network, scores, { sparsity: 0.2 });
  const q = masks['fc/kernel'].indexOf(0);

  const refits = weights.map((_, i) => bestMove(hessian, weights, [i]));
  const losses = refits.map(({ loss }) => loss);
  t.is(q, losses.indexOf(Math.min(...losses)));
  const mean = (values: ArrayLike<number>) =>
    exampleLosses(network, { 'fc/kernel': Float64Array.from(values) }, batch).reduce((sum, loss) => sum + loss, 0) / 30;
  const after = await obs.compensate!(subject, masks, options);
  t.true(
    relativeError(
      after['fc/kernel'].values,
      weights.map((w, i) => w + refits[q].move[i]),
    ) < 1e-5,
  );
  t.true(
    Math.abs(mean(after['fc/kernel'].values) - mean(weights) - scores['fc/kernel'][q]) < 1e-5 * scores['fc/kernel'][q],
  );
});

test('linear regression: select at every sparsity gives the greedy prefix, and the losses add up to the true increase', async (t) => {
  const network = linear(8, 1, false);
  const { batch, weights, hessian } = regression(8, 40);
  const subject = subjectOf(network, kernels(network, { fc: weights }), { batches: [batch] });
  const scores = await score(obs, subject, { ...defaults, damping: 1e-8 });
  const gone: number[] = [];
  for (let k = 1; k < 8; k++) {
    const next = weights
      .map((_, i) => i)
      .filter((i) => !gone.includes(i))
      .map((i) => ({ i, loss: bestMove(hessian, weights, [...gone, i]).loss }))
      .sort((a, b) => a.loss - b.loss)[0].i;
    gone.push(next);
    const mask = select(network, scores, { sparsity: k / 8 })['fc/kernel'];
    t.deepEqual(
      [...mask.keys()].filter((i) => mask[i] === 0),
      gone.toSorted((a, b) => a - b),
    );
  }
});

test('biases compensate: with one they take up the mean of what is removed', async (t) => {
  // One constant input of 2 and a bias: removing the weight loses nothing, the bias takes 2 w.
  const network = linear(1, 1, true);
  const batch = { x: new Float32Array(6).fill(2), y: new Int32Array(6), size: 6 };
  const subject = subjectOf(network, kernels(network, { fc: [0.5] }), { batches: [batch] });
  const after = await obs.compensate!(subject, { 'fc/kernel': Uint8Array.of(0) }, { ...defaults, damping: 1e-8 });
  t.is(after['fc/kernel'].values[0], 0);
  closeTo(t, after['fc/bias'].values[0], 1, 1e-6);
});

for (const [loss, activation] of [
  ['cross-entropy', 'tanh'],
  ['squared-error', 'sigmoid'],
] as const)
  test(`a network: first scores and update from the Gauss-Newton matrix of finite differences (${loss})`, async (t) => {
    const network: Network = { ...mlp([3, 4, 3], { activation, useBias: false }), loss };
    const parameters = randomParameters(network);
    const batch = randomBatch(network, 20);
    const damping = 1e-3;
    const entries = kernelEntries(network);
    const weights = entries.map(({ name, index }) => parameters[name].values[index]);
    const h = gaussNewton(network, float64(parameters), batch, entries).map((row, i) =>
      row.map((value, j) => value + (i === j ? damping : 0)),
    );
    const inverted = inverse(h);
    const saliencies = weights.map((w, q) => w ** 2 / (2 * inverted[q][q]));
    const q = saliencies.indexOf(Math.min(...saliencies));
    for (const inversion of ['recursion', 'cholesky'] as const) {
      const subject = subjectOf(network, parameters, { batches: [batch] });
      const options = { ...defaults, damping, inversion };
      const scores = await score(obs, subject, options);
      const masks = select(network, scores, { sparsity: 1 / weights.length });
      t.is(masks[entries[q].name][entries[q].index], 0);
      closeTo(t, scores[entries[q].name][entries[q].index] / saliencies[q], 1, 1e-3);
      const after = await obs.compensate!(subject, masks, options);
      const expected = weights.map((w, i) => (i === q ? 0 : w - (weights[q] / inverted[q][q]) * inverted[i][q]));
      t.true(
        relativeError(
          entries.map(({ name, index }) => after[name].values[index]),
          expected,
        ) < 1e-4,
      );
    }
  });

test('sampled outputs are unbiased: their mean curvature tends to the exact one', async (t) => {
  const network = mlp([3, 3], { useBias: false });
  const parameters = randomParameters(network);
  const batch = randomBatch(network, 4);
  // 500 times the same examples: every copy draws its own label.
  const repeated = subjectOf(network, parameters, { batches: Array.from({ length: 500 }, () => batch) });
  const exact = subjectOf(network, parameters, { batches: [batch] });
  const common = { ...defaults, samples: 2000, damping: 0.1, inversion: 'cholesky' as const };
  const sampled = await score(obs, repeated, { ...common, outputs: 'sampled' });
  const all = await score(obs, exact, common);
  t.true(relativeError(sampled['fc1/kernel'], all['fc1/kernel']) < 0.1);
});

test('a second round starts from the first: pruned weights stay 0 and do not compensate', async (t) => {
  const network = mlp([3, 4, 3], { activation: 'tanh' });
  const parameters = randomParameters(network);
  const batches = [randomBatch(network, 30)];
  const first = subjectOf(network, parameters, { batches });
  const masks = select(network, await score(obs, first, defaults), { sparsity: 0.25 });
  const pruned = await obs.compensate!(first, masks, defaults);
  const second = subjectOf(network, pruned, { masks, batches });
  const scores = await score(obs, second, defaults);
  const further = select(network, scores, { masks, sparsity: 0.5 });
  const after = await obs.compensate!(second, further, defaults);
  for (const [name, mask] of Object.entries(further))
    for (let i = 0; i < mask.length; i++) {
      if (masks[name][i] === 0) t.is(mask[i], 0);
      if (mask[i] === 0) t.is(after[name].values[i], 0);
      else t.not(after[name].values[i], 0);
    }
});

const xor: Network = defineNetwork({
  name: 'xor',
  inputShape: [2],
  loss: 'squared-error',
  layers: [
    { kind: 'dense', name: 'hidden', inputs: [INPUT], units: 2, useBias: true },
    { kind: 'activation', name: 'act1', inputs: ['hidden'], activation: 'sigmoid' },
    { kind: 'dense', name: 'output', inputs: ['act1'], units: 1, useBias: true },
    { kind: 'activation', name: 'act2', inputs: ['output'], activation: 'sigmoid' },
  ],
});
const xorBatch = { x: Float32Array.of(0, 0, 0, 1, 1, 0, 1, 1), y: Int32Array.of(0, 1, 1, 0), size: 4 };

function xorLoss(values: Values): number {
  return exampleLosses(xor, values, xorBatch).reduce((sum, loss) => sum + loss, 0) / 4;
}

/** Gradient descent on finite differences down to a loss of 1e-3; the rate grows while it helps. */
function trainXor(values: Values): Values {
  let rate = 1;
  let loss = xorLoss(values);
  for (let step = 0; step < 3000 && loss > 1e-3; step++) {
    const gradients = Object.entries(values).map(([name, array]): [string, Float64Array] => [
      name,
      array.map((_, i) => differences(values, name, i, () => [xorLoss(values)], 1e-5).first[0]),
    ]);
    for (const [name, gradient] of gradients) for (const [i, g] of gradient.entries()) values[name][i] -= rate * g;
    const next = xorLoss(values);
    if (next < loss) rate = Math.min(20, rate * 1.1);
    else {
      for (const [name, gradient] of gradients) for (const [i, g] of gradient.entries()) values[name][i] += rate * g;
      rate /= 2;
    }
    loss = Math.min(loss, next);
  }
  return values;
}

test('XOR: a hidden bias goes first, the only kind of weight that a 2-2-1 network can do without', async (t) => {
  // Without one of the four input weights its input acts through one hidden unit alone, so the output rises (or falls) with it
  // whatever the other input is, which XOR does not; without an output weight a single hidden unit has to separate XOR.
  // These seeds reach the solution; many others end in the local minimum of loss 1/16.
  for (const seed of [3, 6, 7]) {
    const start = float64(randomParameters(xor, seed));
    const trained = trainXor(Object.fromEntries(Object.entries(start).map(([name, w]) => [name, w.map((v) => 2 * v)])));
    t.true(xorLoss(trained) < 1.1e-3);
    const subject = subjectOf(xor, withValues(randomParameters(xor), trained), { batches: [xorBatch] });
    const scores = obsScores(await obsCurvature(subject, defaults, true), subject, true);
    const ranked = Object.entries(scores)
      .flatMap(([name, values]) => Array.from(values, (score, index) => ({ name, index, score })))
      .sort((a, b) => a.score - b.score);
    t.is(ranked.length, 9);
    t.is(ranked[0].name, 'hidden/bias');

    const masks = { 'hidden/bias': Uint8Array.of(1, 1) };
    masks['hidden/bias'][ranked[0].index] = 0;
    const compensated = float64(await obs.compensate!(subject, masks, defaults));
    t.is(compensated['hidden/bias'][ranked[0].index], 0);
    const zeroed = { ...trained, 'hidden/bias': trained['hidden/bias'].map((b, i) => b * masks['hidden/bias'][i]) };
    t.true(xorLoss(compensated) < xorLoss(zeroed) / 2);
    // All four patterns are still on their side of 1/2.
    for (const { x, label } of examples(xor, xorBatch))
      t.is(referenceOutput(xor, compensated, x)[0] > 0.5 ? 1 : 0, label);
  }
});

test('the stop rule removes while L_q is below its share of the loss', async (t) => {
  const parameters = withValues(randomParameters(xor), { 'hidden/kernel': [0.9, 1.1, 0.8, 1.3] });
  const subject = subjectOf(xor, parameters, { batches: [xorBatch] });
  const mean = exampleLosses(xor, float64(parameters), xorBatch).reduce((sum, loss) => sum + loss, 0) / 4;
  const plain = await score(obs, subject, defaults);
  const all = Object.values(plain)
    .flatMap((values) => [...values])
    .sort((a, b) => a - b);
  for (const count of [0, 2, 5]) {
    // A ratio between the losses of removals `count` and `count` + 1.
    const stopRatio = (count === 0 ? all[0] / 2 : Math.sqrt(all[count - 1] * all[count])) / mean;
    const options = obsStopRule.options.parse({ stopRatio });
    const masks = obsStopRule.threshold!(await score(obsStopRule, subject, options), subject, options);
    const removed = Object.values(masks).reduce((sum, mask) => sum + mask.filter((bit) => bit === 0).length, 0);
    t.is(removed, count);
  }
  const options = obsStopRule.options.parse({ stopRatio: 1e9, biases: true });
  const masks = obsStopRule.threshold!(await score(obsStopRule, subject, options), subject, options);
  t.deepEqual(Object.keys(masks).sort(), Object.keys(parameters).sort());
});

test('what does not fit is refused beforehand, with the block-wise alternative', async (t) => {
  const network = mlp([784, 300, 100, 10]);
  const error = await t.throwsAsync(async () => score(obs, subjectOf(network, randomParameters(network)), defaults), {
    instanceOf: PrunebenchError,
  });
  // Three float64 matrices of 266,610² entries (1588 GiB) and 10,000 gradients (20 GiB).
  t.regex(error!.message, /160\d\.\d\d GiB.*memoryLimit/);
  t.regex(error!.remedy!, /obs-block/);
});
