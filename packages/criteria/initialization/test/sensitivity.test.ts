import { type Batch, defineNetwork, type Masks, type Network, select, sparsitySteps } from '@prunebench/core';
import { forward, lossOf } from '@prunebench/network';
import { meanGradients } from '@prunebench/signals';
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
import { force, gradientMagnitude, snip } from '../src/index.ts';
import { lossAndGradient, mlpOf, nudged } from './float64-mlp.ts';
import { dot, sum } from './support.ts';

const sizes = [6, 5, 4, 3];
const network = mlp(sizes, { useBias: false });
const parameters = randomParameters(network);
const batch = randomBatch(network, 20);
const subject = subjectOf(network, parameters, { batches: [batch] });
const total = 6 * 5 + 5 * 4 + 4 * 3;

test('the score is the derivative of the loss in a gate on the connection, as a share of all (finite differences)', async (t) => {
  const reference = mlpOf(sizes, parameters, 'relu');
  const step = 1e-5;
  const derivatives = reference.kernels.map((kernel, l) =>
    kernel.flatMap((row, i) =>
      Array.from(row, (w, j) => {
        const [up, down] = [step, -step].map((s) => lossAndGradient(nudged(reference, l, i, j, s * w), batch).loss);
        return Math.abs(up - down) / (2 * step);
      }),
    ),
  );
  const all = sum(derivatives.flat());
  const scores = await score(snip, subject);
  const unnormalised = await score(gradientMagnitude, subject);
  derivatives.forEach((expected, l) => {
    t.true(
      relativeError(
        scores[`fc${l + 1}/kernel`],
        expected.map((d) => d / all),
      ) < 1e-4,
    );
    t.true(relativeError(unnormalised[`fc${l + 1}/kernel`], expected) < 1e-4);
  });
  closeTo(t, sum(Object.values(scores).flatMap((layer) => [...layer])), 1, 1e-9);
});

test('without biases, sum w g is the same number in every layer', async (t) => {
  const gradients = await meanGradients(subject, [batch]);
  const layers = Object.entries(gradients).map(([name, g]) => dot(g, parameters[name].values));
  t.true(Math.abs(layers[0]) > 1e-3);
  for (const layer of layers) closeTo(t, layer / layers[0], 1, 1e-4);
});

test('one linear layer with squared error: w_j times the closed-form gradient', async (t) => {
  const linear: Network = { ...mlp([4, 1], { useBias: false }), loss: 'squared-error' };
  const values = randomParameters(linear);
  const { x, y, size } = { ...randomBatch(linear, 9), y: Int32Array.from([0, 1, 1, 0, 1, 0, 0, 1, 1]) };
  const w = values['fc1/kernel'].values;
  const residuals = Array.from({ length: size }, (_, n) => dot(x.subarray(4 * n, 4 * n + 4), w) - y[n]);
  const expected = Array.from(w, (weight, j) =>
    Math.abs(weight * sum(residuals.map((r, n) => (r * x[4 * n + j]) / size))),
  );
  const scores = await score(gradientMagnitude, subjectOf(linear, values, { batches: [{ x, y, size }] }));
  t.true(relativeError(scores['fc1/kernel'], expected) < 1e-5);
});

test('moving a factor from one layer to the next leaves every sensitivity as it is', async (t) => {
  const scaled = withValues(parameters, {
    'fc1/kernel': parameters['fc1/kernel'].values.map((w) => 8 * w),
    'fc2/kernel': parameters['fc2/kernel'].values.map((w) => w / 8),
  });
  const [before, after] = await Promise.all([
    score(snip, subject),
    score(snip, subjectOf(network, scaled, { batches: [batch] })),
  ]);
  for (const name of Object.keys(before)) t.true(relativeError(after[name], before[name]) < 1e-6);
});

test('the gradient is averaged over the batches before its absolute value is taken', async (t) => {
  const batches = [randomBatch(network, 8, 1), randomBatch(network, 12, 2)];
  const joined: Batch = {
    x: Float32Array.from([...batches[0].x, ...batches[1].x]),
    y: Int32Array.from([...batches[0].y, ...batches[1].y]),
    size: 20,
  };
  const apart = await score(snip, subjectOf(network, parameters, { batches }), { batches: 2 });
  const together = await score(snip, subjectOf(network, parameters, { batches: [joined] }));
  const first = await score(snip, subjectOf(network, parameters, { batches }));
  for (const name of Object.keys(together)) {
    t.true(relativeError(apart[name], together[name]) < 1e-5);
    t.true(relativeError(first[name], together[name]) > 1e-2);
  }
});

const modes = [convNet(), residualNet()].flatMap((conv) =>
  (['batch', 'running'] as const).map((statistics) => ({ conv, statistics })),
);
for (const { conv, statistics } of modes)
  test(`${conv.name}: the gradient along a direction is the slope of the loss, with the ${statistics} statistics`, async (t) => {
    const values = randomParameters(conv);
    const examples = randomBatch(conv, 12);
    const gradients = await meanGradients({ network: conv, parameters: values, masks: {} }, [examples], { statistics });
    const kernels = Object.keys(gradients);
    // Along the gradient itself, so that the slope is its squared norm.
    const norm = Math.sqrt(sum(kernels.map((name) => dot(gradients[name], gradients[name]))));
    const step = 2e-3;
    const moved = (sign: number) =>
      withValues(
        values,
        Object.fromEntries(
          kernels.map((name) => [
            name,
            values[name].values.map((w, i) => w + (sign * step * gradients[name][i]) / norm),
          ]),
        ),
      );
    const lossAt = (sign: number) => lossWith(statistics, conv, moved(sign), examples);
    const slope = (lossAt(1) - lossAt(-1)) / (2 * step);
    closeTo(t, slope / norm, 1, 0.01, `${slope} against ${norm}`);
  });

// What each paper's own program does: SNIP's scores in evaluation mode, the others' in training mode.
for (const [criterion, paper] of [
  [snip, 'running'],
  [force, 'batch'],
  [gradientMagnitude, 'batch'],
] as const)
  test(`${criterion.id}: batch norm has the ${paper} statistics unless the other ones are asked for`, async (t) => {
    const conv = convNet();
    const values = randomParameters(conv);
    const of = subjectOf(conv, values, { batches: [randomBatch(conv, 12)] });
    const other = paper === 'running' ? 'batch' : 'running';
    const [asIs, asked, opposite] = [
      await score(criterion, of),
      await score(criterion, of, { statistics: paper }),
      await score(criterion, of, { statistics: other }),
    ];
    t.deepEqual(asIs, asked);
    for (const name of Object.keys(asIs)) t.true(relativeError(opposite[name], asIs[name]) > 1e-2);
  });

test('without batch norm both statistics give the same scores', async (t) => {
  t.deepEqual(await score(snip, subject, { statistics: 'batch' }), await score(snip, subject));
});

test('a masked weight scores 0 in SNIP; in FORCE it has the score it would have if it returned', async (t) => {
  const masks = { 'fc2/kernel': new Uint8Array(20).fill(1).fill(0, 0, 7) };
  const masked = subjectOf(network, parameters, { masks, batches: [batch] });
  t.true((await score(snip, masked))['fc2/kernel'].subarray(0, 7).every((s) => s === 0));

  const zeroed = mlpOf(
    sizes,
    withValues(parameters, { 'fc2/kernel': parameters['fc2/kernel'].values.map((w, i) => (i < 7 ? 0 : w)) }),
    'relu',
  );
  const gradient = lossAndGradient(zeroed, batch).gradient[1].flatMap((row) => [...row]);
  const expected = gradient.map((g, i) => Math.abs(g * parameters['fc2/kernel'].values[i]));
  t.true(expected.slice(0, 7).some((s) => s > 0));
  t.true(relativeError((await score(force, masked))['fc2/kernel'], expected) < 1e-5);
});

/** Rounds of one pruning step: what was removed in it competes again (FORCE) or not (SNIP). */
async function rounds(criterion: typeof snip, count: number, sparsity: number): Promise<Masks[]> {
  const history: Masks[] = [];
  for (const target of sparsitySteps({ kind: 'exponential', rounds: count }, sparsity)) {
    const before = history.at(-1) ?? {};
    const scores = await score(criterion, subjectOf(network, parameters, { masks: before, batches: [batch] }));
    const masks = criterion.regrows ? {} : before;
    history.push(select(network, scores, { masks, sparsity: target, allowLayerCollapse: true }));
  }
  return history;
}

const bits = (masks: Masks) => Object.values(masks).flatMap((mask) => [...mask]);
const returned = (history: readonly Masks[]) =>
  history.slice(1).some((masks, r) => bits(masks).some((bit, i) => bit === 1 && bits(history[r])[i] === 0));

test('one round of FORCE is SNIP; in many, SNIP only removes, FORCE brings weights back; the counts are exact', async (t) => {
  t.deepEqual(await rounds(force, 1, 0.8), await rounds(snip, 1, 0.8));
  const [iterative, progressive] = [await rounds(snip, 12, 0.8), await rounds(force, 12, 0.8)];
  t.false(returned(iterative));
  t.true(returned(progressive));
  for (const history of [iterative, progressive])
    history.forEach((masks, r) => {
      t.is(sum(bits(masks)), total - Math.round(total * (1 - 0.2 ** ((r + 1) / 12))));
    });
});

test('dropout plays no part', async (t) => {
  const dropping = defineNetwork({
    ...network,
    layers: network.layers.flatMap((layer) =>
      layer.name === 'fc3'
        ? [{ kind: 'dropout', name: 'drop', inputs: layer.inputs, rate: 0.5 } as const, { ...layer, inputs: ['drop'] }]
        : [layer],
    ),
  });
  t.deepEqual(await score(snip, subjectOf(dropping, parameters, { batches: [batch] })), await score(snip, subject));
  t.deepEqual(outputs(dropping, parameters, batch), outputs(network, parameters, batch));
});

// Serial: scores are awaited, and other tests' tensors would be alive meanwhile.
test.serial('no tensor is left behind', async (t) => {
  const before = tf.memory().numTensors;
  await score(snip, subject);
  await score(force, subject);
  t.is(tf.memory().numTensors, before);
});

function lossWith(
  statistics: 'batch' | 'running',
  of: Network,
  values: typeof parameters,
  { x, y, size }: Batch,
): number {
  return tf.tidy(() => {
    const tensors = Object.entries(values).map(([name, { values: v, shape }]) => [name, tf.tensor(v, [...shape])]);
    const training = statistics === 'batch';
    const logits = forward(of, Object.fromEntries(tensors), tf.tensor(x, [size, ...of.inputShape]), { training });
    return lossOf(of)
      .mean(logits as tf.Tensor2D, tf.tensor1d(y, 'int32'))
      .dataSync()[0];
  });
}
