import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-layers';
import { PrunebenchError } from '@prunebench/core';
import { bernoulliNoise, type NoiseKey, normalNoise, philox4x32, uniformNoise } from '@prunebench/network';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';

const key: NoiseKey = { low: 0xdeadbeef, high: 17 };
const counterOf = (update: number, batch: number) => tf.tensor1d([update, batch], 'int32');

const valuesOf = (compute: () => tf.Tensor): Float32Array => tf.tidy(() => compute().dataSync() as Float32Array);
const uniforms = (size: number, update = 3, batch = 5, k = key) =>
  valuesOf(() => uniformNoise([size], k, counterOf(update, batch)));
const normals = (size: number, update = 3, batch = 5, k = key) =>
  valuesOf(() => normalNoise([size], k, counterOf(update, batch)));

/** Random123's kat_vectors, philox4x32 with 10 rounds: counter, key, result. */
const knownAnswers = [
  ['00000000 00000000 00000000 00000000', '00000000 00000000', '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
  ['ffffffff ffffffff ffffffff ffffffff', 'ffffffff ffffffff', '408f276d 41c83b0e a20bc7c6 6d5451fd'],
  ['243f6a88 85a308d3 13198a2e 03707344', 'a4093822 299f31d0', 'd16cfe09 94fdcceb 5001e420 24126ea1'],
] as const;

test.serial("Philox4x32-10 gives Random123's known answers", (t) => {
  const words = (text: string) => text.split(' ').map((word) => Number.parseInt(word, 16));
  for (const [counter, k, expected] of knownAnswers) {
    const [low, high] = words(k);
    t.deepEqual(philox4x32(words(counter) as [number, number, number, number], { low, high }), words(expected));
  }
});

test.serial('element i takes word i mod 4 of the block of counter (floor(i / 4), 0, update, batch)', (t) => {
  const found = uniforms(11);
  for (const [i, value] of found.entries()) {
    const word = philox4x32([Math.floor(i / 4), 0, 3, 5], key)[i % 4];
    t.is(value, (Math.floor(word / 512) + 0.5) / 2 ** 23);
  }
});

test.serial(
  'the numbers of a shorter tensor, and of another shape, are those of a longer one; none and one work',
  (t) => {
    const long = uniforms(37);
    for (const size of [0, 1, 2, 3, 4, 5, 36]) t.deepEqual(uniforms(size), long.slice(0, size));
    t.deepEqual(
      valuesOf(() => uniformNoise([5, 1, 7], key, counterOf(3, 5))),
      long.slice(0, 35),
    );
    t.deepEqual(normals(3), normals(8).slice(0, 3));
    t.is(valuesOf(() => uniformNoise([], key, counterOf(3, 5)))[0], long[0]);
  },
);

/** The standard normal's distribution function by its series and, in the tails, Laplace's continued fraction. */
function normalCdf(x: number): number {
  const density = Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
  if (Math.abs(x) > 4) {
    let fraction = 0;
    for (let k = 60; k > 0; k--) fraction = k / (Math.abs(x) + fraction);
    const tail = density / (Math.abs(x) + fraction);
    return x > 0 ? 1 - tail : tail;
  }
  let [term, sum] = [x, x];
  for (let k = 1; k < 120; k++) {
    term *= (x * x) / (2 * k + 1);
    sum += term;
  }
  return 0.5 + density * sum;
}

/** Largest difference between the share of values up to x and the distribution function at x. */
function kolmogorovSmirnov(values: Float32Array, cdf: (x: number) => number): number {
  const sorted = values.slice().sort();
  return sorted.reduce((worst, x, i) => {
    const p = cdf(x);
    return Math.max(worst, p - i / sorted.length, (i + 1) / sorted.length - p);
  }, 0);
}

const mean = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0) / values.length;

test.serial('1e5 normals: moments, and the Kolmogorov-Smirnov distance to the normal distribution', (t) => {
  const size = 1e5;
  const values = normals(size);
  const moment = (power: number) => mean(Float64Array.from(values, (x) => x ** power));
  // Five standard deviations of each sample moment: Var(x^p) = E x^2p - (E x^p)^2.
  const bounds = [Math.sqrt(1), Math.sqrt(2), Math.sqrt(15), Math.sqrt(96)].map((s) => (5 * s) / Math.sqrt(size));
  for (const [p, expected] of [0, 1, 0, 3].entries())
    t.true(Math.abs(moment(p + 1) - expected) < bounds[p], `moment ${p + 1}: ${moment(p + 1)}`);
  // Of 1e5 values the distance exceeds 1.95 / sqrt(1e5) once in a thousand.
  t.true(kolmogorovSmirnov(values, normalCdf) < 1.95 / Math.sqrt(size));
  t.true(kolmogorovSmirnov(uniforms(size), (x) => x) < 1.95 / Math.sqrt(size));
});

const correlation = (a: Float32Array, b: Float32Array) => mean(Float64Array.from(a, (x, i) => x * b[i]));

test.serial('streams of other keys, updates and batches, and neighbours in one, are uncorrelated', (t) => {
  const size = 65_536 + 3;
  const base = normals(size);
  const others = [
    normals(size, 4, 5),
    normals(size, 3, 6),
    normals(size, 5, 3),
    normals(size, 3, 5, { ...key, low: key.low + 1 }),
    normals(size, 3, 5, { ...key, high: key.high + 1 }),
    normals(size, 3, 5, { low: key.high, high: key.low }),
    base.subarray(1),
    base.subarray(2),
    base.subarray(4),
  ];
  for (const other of others) {
    const length = Math.min(other.length, base.length);
    t.true(Math.abs(correlation(other.subarray(0, length), base)) < 5 / Math.sqrt(length));
  }
});

test.serial(
  'Bernoulli: 1 where the uniform number lies below the probability; 0 and 1 are certain, NaN never happens',
  (t) => {
    const size = 4097;
    const probability = Float32Array.from({ length: size }, (_, i) => [0, 1, 0.3, Number.NaN][i % 4]);
    const u = uniforms(size);
    const drawn = valuesOf(() => bernoulliNoise(tf.tensor1d(probability), key, counterOf(3, 5)));
    t.deepEqual(
      drawn,
      u.map((x, i) => (x < probability[i] ? 1 : 0)),
    );
    const share = mean(drawn.filter((_, i) => i % 4 === 2));
    t.true(Math.abs(share - 0.3) < 5 * Math.sqrt(0.21 / 1024));
  },
);

test.serial('no gradient goes into a probability, and nothing is left behind', (t) => {
  const before = tf.memory().numTensors;
  tf.tidy(() => {
    const counter = counterOf(0, 0);
    const loss = (p: tf.Tensor) => tf.sum(tf.mul(bernoulliNoise(tf.mul(p, 0.5), key, counter), p)) as tf.Scalar;
    const { value, grad } = tf.valueAndGrad(loss)(tf.ones([100]));
    // The product rule alone: dp of p * drawn is drawn.
    t.is(mean(grad.dataSync()) * 100, value.dataSync()[0]);
  });
  t.is(tf.memory().numTensors, before);
});

test.serial('a key, counter or probability of another kind is refused', (t) => {
  tf.tidy(() => {
    const counter = counterOf(0, 0);
    for (const bad of [-1, 2 ** 32, 0.5, Number.NaN])
      t.throws(() => uniformNoise([1], { low: 0, high: bad }, counter), { instanceOf: PrunebenchError });
    t.throws(() => normalNoise([1], key, tf.tensor1d([0, 0])), { instanceOf: PrunebenchError });
    t.throws(() => normalNoise([1], key, tf.tensor1d([0, 0, 0], 'int32')), { instanceOf: PrunebenchError });
    t.throws(() => bernoulliNoise(tf.tensor1d([1], 'int32'), key, counter), { instanceOf: PrunebenchError });
  });
});
