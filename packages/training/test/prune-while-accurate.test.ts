import { type Dataset, defineNetwork, INPUT, type Network, PrunebenchError, type State } from '@prunebench/core';
import '@prunebench/testing';
import { splitOf } from '@prunebench/testing/toy-dataset';
import test from 'ava';
import { absolute, criterionOf } from './support/criteria.ts';
import { runStep, sessionOf } from './support/session.ts';

/** o = w·x + b with one output, class 1 above 1/2: with b = 1/2 the sign of w·x decides. */
const network = linear(4);

function linear(inputs: number): Network {
  return defineNetwork({
    name: 'linear',
    inputShape: [inputs],
    loss: 'squared-error',
    layers: [{ kind: 'dense', name: 'fc', inputs: [INPUT], units: 1, useBias: true }],
  });
}

function stateOf(weights: readonly number[]): State {
  return {
    parameters: {
      'fc/kernel': { shape: [weights.length, 1], values: Float32Array.from(weights) },
      'fc/bias': { shape: [1], values: Float32Array.of(0.5) },
    },
    masks: {},
  };
}

function datasetOf(examples: readonly (readonly number[])[], labels: readonly number[]): Dataset {
  const split = splitOf(examples, labels);
  return {
    id: 'by-hand',
    inputShape: [examples[0].length],
    classes: 2,
    splits: { train: split, validation: split, calibration: split, test: split },
    checksum: 'by-hand',
  };
}

/** The first example needs the second weight: 1 - 0.4 * 3 < 0. The third and fourth weight change nothing. */
const needsTwo = datasetOf(
  [
    [1, -3, 1, 1],
    [1, 1, -1, 1],
    [-1, 0, 1, -1],
    [-1, 1, 1, 1],
  ],
  [0, 1, 0, 0],
);
const four = stateOf([1, 0.4, 0.01, 0.02]);
const magnitude = criterionOf({ score: absolute });

function prune(
  dataset: Dataset,
  state: State,
  options: Record<string, unknown>,
  { on = network, criterion = magnitude } = {},
) {
  const session = sessionOf({ network: on, dataset, criteria: [criterion] });
  return runStep(session, state, 'prune-while-accurate', {
    criterion: criterion.id,
    limit: 0.99,
    retrain: null,
    ...options,
  });
}

test('weights go as long as every example stays on its side; the one that would lose an example stays', async (t) => {
  const { state, metrics } = await prune(needsTwo, four, {});
  t.deepEqual([...state.masks['fc/kernel']], [1, 1, 0, 0]);
  t.deepEqual([...state.parameters['fc/kernel'].values], [...Float32Array.of(1, 0.4, 0, 0)]);
  t.deepEqual(metrics, { trainedExamples: 0, goal: 100 });
});

test('a tolerance is the accuracy that may go: one example of four', async (t) => {
  const { state, metrics } = await prune(needsTwo, four, { tolerance: 25 });
  t.deepEqual([...state.masks['fc/kernel']], [1, 0, 0, 0]);
  t.is(metrics.goal, 75);
  t.deepEqual([...(await prune(needsTwo, four, { tolerance: 24 })).state.masks['fc/kernel']], [1, 1, 0, 0]);
});

test('the goal is what the network could do before, not a perfect score', async (t) => {
  const wrong = {
    ...needsTwo,
    splits: {
      ...needsTwo.splits,
      train: splitOf(
        [
          [1, -3, 1, 1],
          [1, 1, -1, 1],
        ],
        [0, 0],
      ),
    },
  };
  const { state, metrics } = await prune(wrong, four, {});
  t.is(metrics.goal, 50);
  t.deepEqual([...state.masks['fc/kernel']], [1, 1, 0, 0]);
});

test('the limit stops it, and so does the last weight of a layer', async (t) => {
  t.deepEqual([...(await prune(needsTwo, four, { limit: 0.25 })).state.masks['fc/kernel']], [1, 1, 0, 1]);
  const { state } = await prune(needsTwo, four, { tolerance: 100 });
  t.deepEqual([...state.masks['fc/kernel']], [1, 0, 0, 0]);
});

test('several weights a round go together or not at all, and start from what is pruned already', async (t) => {
  t.is((await prune(needsTwo, four, { weightsPerRound: 3 })).state, four);
  const started: State = { ...four, masks: { 'fc/kernel': Uint8Array.of(1, 1, 0, 1) } };
  t.deepEqual([...(await prune(needsTwo, started, {})).state.masks['fc/kernel']], [1, 1, 0, 0]);
});

/** Three copies of one input: 0.3 + 0.35 - 0.5 is on the right side, 0.35 - 0.5 is not until it is trained again. */
const copies = datasetOf(
  [
    [1, 1, 1],
    [-1, -1, -1],
  ],
  [1, 0],
);
const three = stateOf([0.3, 0.35, -0.5]);
const on = linear(3);

test('retraining wins accuracy back, and its examples are counted', async (t) => {
  t.is((await prune(copies, three, {}, { on })).state, three);
  const retrain = { epochs: 20, batchSize: 2, learningRate: 0.1 };
  const { state, metrics } = await prune(copies, three, { retrain }, { on });
  // Without the first weight both examples are wrong: 20 epochs of 2. What is left then agrees with the labels.
  t.is(
    state.masks['fc/kernel'].reduce((sum, bit) => sum + bit, 0),
    1,
  );
  t.is(metrics.trainedExamples, 40);
  const output = (x: number) => state.parameters['fc/kernel'].values.reduce((sum, w) => sum + w * x, 0.5);
  t.true(output(1) > 0.5 && output(-1) < 0.5);
});

test('a retraining that does not help leaves the state from before the round, but is paid for', async (t) => {
  const retrain = { epochs: 1, batchSize: 2, learningRate: 1e-6 };
  const { state, metrics } = await prune(copies, three, { retrain }, { on });
  t.is(state, three);
  t.is(metrics.trainedExamples, 2);
});

const hidden = defineNetwork({
  name: 'hidden',
  inputShape: [1],
  loss: 'squared-error',
  layers: [
    { kind: 'dense', name: 'fc1', inputs: [INPUT], units: 2, useBias: true },
    { kind: 'activation', name: 'act', inputs: ['fc1'], activation: 'sigmoid' },
    { kind: 'dense', name: 'fc2', inputs: ['act'], units: 1, useBias: true },
  ],
});

test('biases: that of an unused unit goes, that of the threshold stays though it is tried first', async (t) => {
  // o = sigmoid(9 x - 6) + 0.1: without the bias 0.1, x = 0.6 falls below 1/2; without -6, x = 0 rises to it and 0.1 above.
  const state: State = {
    parameters: {
      'fc1/kernel': { shape: [1, 2], values: Float32Array.of(9, 0.001) },
      'fc1/bias': { shape: [2], values: Float32Array.of(-6, 2) },
      'fc2/kernel': { shape: [2, 1], values: Float32Array.of(1, 0.0001) },
      'fc2/bias': { shape: [1], values: Float32Array.of(0.1) },
    },
    masks: {},
  };
  const dataset = datasetOf([[0], [0.3], [0.65], [1]], [0, 0, 1, 1]);
  const kept = await prune(dataset, state, {}, { on: hidden });
  t.deepEqual([...kept.state.masks['fc2/kernel']], [1, 0]);
  t.deepEqual(Object.keys(kept.state.masks), ['fc1/kernel', 'fc2/kernel']);
  const { state: pruned } = await prune(dataset, state, { biases: true }, { on: hidden });
  t.deepEqual([...pruned.masks['fc1/bias']], [1, 0]);
  t.deepEqual([...pruned.parameters['fc1/bias'].values], [-6, 0]);
  t.deepEqual(Object.keys(pruned.masks), ['fc1/kernel', 'fc2/kernel', 'fc1/bias']);
  t.deepEqual(pruned.masks['fc2/kernel'], kept.state.masks['fc2/kernel']);
});

test('a rule that decides by itself how much goes is refused', async (t) => {
  const rule = criterionOf({ score: absolute, threshold: (_, { masks }) => masks });
  const error = await t.throwsAsync(prune(needsTwo, four, {}, { criterion: rule }), { instanceOf: PrunebenchError });
  t.regex(error!.message, /toy-criterion decides/);
});
