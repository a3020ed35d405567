import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-layers';
import { defineNetwork, PrunebenchError, randomStream, select } from '@prunebench/core';
import { topKMask } from '@prunebench/network';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { dense } from '../../../core/test/networks.ts';

const maskOf = (scores: Float32Array, k: number | tf.Scalar) =>
  tf.tidy(() => Array.from(topKMask(tf.tensor1d(scores), k).dataSync()));

/** Sorts all indices: lower score first, NaN before all numbers, among equals the lower index; the last k stay. */
function bySorting(scores: Float32Array, k: number): number[] {
  const rank = (x: number) => (Number.isNaN(x) ? [0, 0] : [1, x]);
  const order = Array.from(scores.keys()).sort((i, j) => {
    const [a, b] = [rank(scores[i]), rank(scores[j])];
    if (a[0] !== b[0]) return a[0] - b[0];
    if (a[1] < b[1]) return -1;
    return a[1] > b[1] ? 1 : i - j;
  });
  const mask = new Array<number>(scores.length).fill(0);
  for (const i of order.slice(scores.length - k)) mask[i] = 1;
  return mask;
}

const random = randomStream(4);
const fromValues = (size: number, values: readonly number[]) =>
  Float32Array.from({ length: size }, () => values[random.integer(values.length)]);

const cases: Record<string, Float32Array> = {
  normal: Float32Array.from({ length: 500 }, () => random.normal()),
  'many ties': fromValues(300, [-1, 0, 0.5, 0.5, 2]),
  'all equal': new Float32Array(77).fill(0.25),
  'zeros of both signs': fromValues(90, [0, -0]),
  'NaN and infinities': fromValues(200, [Number.NaN, Infinity, -Infinity, 1, -1, 0, 1e-42, -1e-42]),
};

for (const [name, scores] of Object.entries(cases))
  test.serial(`${name}: exactly k ones, where sorting with the tie rule puts them`, (t) => {
    const { length } = scores;
    for (const k of [0, 1, 2, Math.floor(length / 3), Math.floor(length / 2), length - 1, length]) {
      const expected = bySorting(scores, k);
      t.deepEqual(maskOf(scores, k), expected, `k = ${k}`);
      t.is(
        expected.reduce((a, b) => a + b),
        k,
      );
    }
  });

test.serial("the same weights survive as in core's select, with and without ties", (t) => {
  const network = defineNetwork({ name: 'one', inputShape: [40], layers: [dense('fc', 'input', 10)] });
  for (const scores of [
    Float32Array.from({ length: 400 }, () => random.normal()),
    fromValues(400, [-1, 0, 1, 1, 3]),
    new Float32Array(400),
  ])
    for (const sparsity of [0.1, 0.5, 0.93, 0.9975]) {
      const { 'fc/kernel': kept } = select(network, { 'fc/kernel': scores }, { sparsity });
      t.deepEqual(maskOf(scores, 400 - Math.round(sparsity * 400)), Array.from(kept));
    }
});

test.serial('a scalar tensor beyond the ends counts as the nearest; a number there is refused', (t) => {
  const scores = Float32Array.of(3, 1, 2);
  tf.tidy(() => {
    for (const [k, expected] of [
      [-5, [0, 0, 0]],
      [2, [1, 0, 1]],
      [4, [1, 1, 1]],
    ] as const)
      t.deepEqual(maskOf(scores, tf.scalar(k, 'int32')), [...expected]);
    for (const bad of [-1, 4, 1.5, Number.NaN]) t.throws(() => maskOf(scores, bad), { instanceOf: PrunebenchError });
    t.throws(() => maskOf(scores, tf.scalar(1)), { instanceOf: PrunebenchError });
    t.throws(() => topKMask(tf.tensor1d([1], 'int32'), 1), { instanceOf: PrunebenchError });
  });
  t.deepEqual(maskOf(new Float32Array(0), 0), []);
});

test.serial('the shape stays, no gradient goes into scores, and nothing is left behind', (t) => {
  const before = tf.memory().numTensors;
  tf.tidy(() => {
    const scores = tf.tensor2d([
      [1, 4, 3],
      [2, 6, 5],
    ]);
    t.deepEqual(topKMask(scores, 2).shape, [2, 3]);
    const loss = (s: tf.Tensor) => tf.sum(tf.mul(topKMask(tf.square(s), 2), s)) as tf.Scalar;
    t.deepEqual([...tf.grad(loss)(scores).dataSync()], [0, 0, 0, 0, 1, 1]);
  });
  t.is(tf.memory().numTensors, before);
});
