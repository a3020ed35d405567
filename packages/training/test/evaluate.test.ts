import { defineNetwork, INPUT, type Network, PrunebenchError } from '@prunebench/core';
import { kernels, mlp } from '@prunebench/testing';
import { splitOf } from '@prunebench/testing/toy-dataset';
import test from 'ava';
import { evaluate } from '../src/index.ts';

/** A network whose outputs are its inputs. */
function identity(
  units: number,
  loss?: Network['loss'],
): { network: Network; state: { parameters: ReturnType<typeof kernels>; masks: Record<string, never> } } {
  const network: Network = { ...mlp([units, units]), ...(loss ? { loss } : {}) };
  const eye = Array.from({ length: units * units }, (_, i) => (i % (units + 1) === 0 ? 1 : 0));
  return { network, state: { parameters: kernels(network, { fc1: eye }), masks: {} } };
}

const oneHot = (label: number) => [0, 1, 2].map((c) => (c === label ? 4 : -1));

test('a perfect classifier scores exactly 100 with a ragged last batch, and one miss is one miss', async (t) => {
  const { network, state } = identity(3);
  const labels = Array.from({ length: 503 }, (_, i) => (i * 7) % 3);
  const perfect = splitOf(labels.map(oneHot), labels);
  t.is((await evaluate(network, state, perfect)).accuracy, 100);
  // The miss is in the ragged batch: an average over batches would weigh it more.
  const missed = splitOf(
    labels.map((label, i) => oneHot(i === 502 ? (label + 1) % 3 : label)),
    labels,
  );
  t.is((await evaluate(network, state, missed)).accuracy, (100 * 502) / 503);
});

test('the loss is the mean over examples of -log softmax, exact where exponentials overflow', async (t) => {
  const { network, state } = identity(3);
  const split = splitOf(
    [
      [0, 0, 0],
      [1000, 0, 0],
      [0, 500, 0],
    ],
    [2, 0, 0],
  );
  const { loss, accuracy } = await evaluate(network, state, split);
  t.true(Math.abs(loss - (Math.log(3) + 0 + 500) / 3) < 1e-9);
  // Three equal outputs: the first class is predicted.
  t.is(accuracy, 100 / 3);
});

test('an output that is not a number is a miss, whatever the label, and shows in the loss', async (t) => {
  const { network, state } = identity(2);
  const examples = [
    [Number.NaN, 1],
    [Number.NaN, 1],
    [1, Number.NaN],
    [0, 1],
  ];
  const result = await evaluate(network, state, splitOf(examples, [0, 1, 0, 1]));
  t.is(result.accuracy, 25);
  t.is(result.loss, Number.NaN);
});

test('squared error: one unit predicts class 1 above 1/2, several are compared with the one-hot target', async (t) => {
  const one = identity(1, 'squared-error');
  const single = await evaluate(one.network, one.state, splitOf([[0.5], [0.75], [2], [-1]], [0, 1, 0, 0]));
  t.is(single.accuracy, 75);
  t.is(single.loss, (0.25 + 0.0625 + 4 + 1) / 2 / 4);
  const two = identity(2, 'squared-error');
  const several = await evaluate(
    two.network,
    two.state,
    splitOf(
      [
        [1, 0],
        [0.5, 0.25],
      ],
      [0, 1],
    ),
  );
  t.is(several.accuracy, 50);
  t.is(several.loss, (0 + 0.25 + 0.5625) / 2 / 2);
});

test('batch norm uses the running statistics', async (t) => {
  const network = defineNetwork({
    name: 'bn',
    inputShape: [2],
    layers: [{ kind: 'batchNorm', name: 'bn', inputs: [INPUT], epsilon: 0.25, momentum: 0.9 }],
  });
  const vector = (...values: number[]) => ({ shape: [values.length], values: Float32Array.from(values) });
  const parameters = {
    'bn/gamma': vector(2, 1),
    'bn/beta': vector(0, 1),
    'bn/movingMean': vector(1, 0),
    'bn/movingVariance': vector(3.75, 0.75),
  };
  // (3 - 1) / sqrt(3.75 + 0.25) * 2 + 0 = 2 and (0 - 0) / sqrt(0.75 + 0.25) + 1 = 1
  const { loss } = await evaluate(network, { parameters, masks: {} }, splitOf([[3, 0]], [0]));
  t.true(Math.abs(loss - Math.log(1 + Math.exp(-1))) < 1e-6);
});

test('masked weights count as zero', async (t) => {
  const { network, state } = identity(2);
  const masks = { 'fc1/kernel': Uint8Array.of(0, 1, 1, 0) };
  const { loss } = await evaluate(network, { ...state, masks }, splitOf([[9, -9]], [1]));
  t.true(Math.abs(loss - Math.log(2)) < 1e-12);
});

test('an empty split is refused', async (t) => {
  const { network, state } = identity(2);
  await t.throwsAsync(evaluate(network, state, splitOf([], [])), { instanceOf: PrunebenchError, message: /empty/ });
});

test('an aborted evaluation stops with the reason', async (t) => {
  const { network, state } = identity(2);
  const signal = AbortSignal.abort(new Error('stop'));
  await t.throwsAsync(evaluate(network, state, splitOf([[0, 1]], [1]), { signal }), { message: 'stop' });
});
