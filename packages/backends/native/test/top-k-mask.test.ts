// The mask of the k largest scores against sorting.
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { captureStep, setThreads } from '../src/index.ts';
import { assertSameBits, randomValues, useNative } from './support.ts';

test.before(() => useNative());

const kernel = (inputs: object) => tf.engine().runKernel('TopKMask', inputs as never) as tf.Tensor;

const maskOf = (scores: Float32Array, k: number) =>
  tf.tidy(() => kernel({ scores: tf.tensor1d(scores), k: tf.scalar(k, 'int32') }).dataSync() as Float32Array);

/** Indices from the lowest score to the highest: NaN before all numbers, among equals the lower index first. */
function ascending(scores: Float32Array): number[] {
  const isLower = (a: number, b: number) => (Number.isNaN(a) ? !Number.isNaN(b) : a < b);
  return Array.from(scores.keys()).sort((i, j) => {
    if (isLower(scores[i]!, scores[j]!)) return -1;
    return isLower(scores[j]!, scores[i]!) ? 1 : i - j;
  });
}

function keepLast(order: readonly number[], k: number): Float32Array {
  const mask = new Float32Array(order.length);
  for (const i of order.slice(order.length - k)) mask[i] = 1;
  return mask;
}

const special = [Number.NaN, Infinity, -Infinity, 0, -0, 1e-42, -1e-42, 1, -1, 3.4e38, -3.4e38];
const cases: Record<string, (size: number) => Float32Array> = {
  uniform: (size) => randomValues(size, 1),
  'close together': (size) => randomValues(size, 2).map((x) => 1 + x / 1024),
  'of many magnitudes': (size) => randomValues(size, 3).map((x) => Math.sign(x) * 10 ** (40 * x)),
  'seven values': (size) => randomValues(size, 4).map((x) => Math.round(3 * x)),
  'all equal': (size) => new Float32Array(size).fill(-0.125),
  'zeros of both signs': (size) => randomValues(size, 5).map((x) => (x < 0 ? -0 : 0)),
  'special values': (size) => randomValues(size, 6).map((x) => special[Math.floor((x + 1) * 5.5)]!),
};

for (const [name, make] of Object.entries(cases))
  test(`scores ${name}: exactly the k largest, the last among equals, whatever the thread count`, (t) => {
    // Below a vector, one chunk, and several of them.
    for (const size of [1, 3, 8, 17, 1000, 16_384, 16_385, 50_003]) {
      const scores = make(size);
      const order = ascending(scores);
      for (const k of new Set([0, 1, size >> 4, size >> 1, size - 1, size])) {
        setThreads(1 + (k % 3));
        assertSameBits(t, maskOf(scores, k), keepLast(order, k), `${k} of ${size}`);
      }
    }
    setThreads(2);
  });

test('more than 64 chunks of the smallest size', (t) => {
  const scores = randomValues(2_200_003, 9).map((x) => Math.round(x * 1000));
  assertSameBits(t, maskOf(scores, 400_000), keepLast(ascending(scores), 400_000));
});

test('scores of which a sample tells nothing', (t) => {
  // The sample is every eighth score: all of one kind, high, low or NaN, that the others are not.
  const size = 16_384;
  for (const [sampled, others] of [
    [5, -5],
    [-5, 5],
    [Number.NaN, 5],
    [Infinity, -5],
  ] as const) {
    const scores = randomValues(size, 10).map((x, i) => x + (i % 8 === 0 ? sampled : others));
    const order = ascending(scores);
    for (const k of [1, size >> 4, size >> 1, size - 1])
      assertSameBits(t, maskOf(scores, k), keepLast(order, k), `${k}, ${sampled}`);
  }
});

test('k beyond the ends counts as the nearest', (t) => {
  const scores = Float32Array.of(3, 1, Number.NaN);
  assertSameBits(t, maskOf(scores, -1), Float32Array.of(0, 0, 0));
  assertSameBits(t, maskOf(scores, 4), Float32Array.of(1, 1, 1));
  assertSameBits(t, maskOf(new Float32Array(0), 2), new Float32Array(0));
});

test('a captured step takes another k each time', (t) => {
  const step = captureStep(([scores, k]) => [kernel({ scores, k })], [tf.zeros([1000]), tf.scalar(0, 'int32')]);
  const scores = randomValues(1000, 7).map((x) => Math.round(20 * x));
  for (const k of [500, 0, 7, 1000, 1001, -3]) {
    const [mask] = step.run(scores, Int32Array.of(k));
    assertSameBits(t, mask!, maskOf(scores, k), `${k}`);
  }
  step.dispose();
});

test('scores or a k of another kind are refused', (t) => {
  const scores = tf.tensor1d([1, 2]);
  t.throws(() => kernel({ scores, k: tf.scalar(1) }), { message: /k must be one int32/ });
  t.throws(() => kernel({ scores, k: tf.tensor1d([1, 1], 'int32') }), { message: /k must be one int32/ });
  t.throws(() => kernel({ scores: tf.tensor1d([1], 'int32'), k: tf.scalar(1, 'int32') }), {
    message: /must be float32/,
  });
});
