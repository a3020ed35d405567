// Random numbers by counter against the generator in whole numbers.
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { captureStep, setThreads } from '../src/index.ts';
import * as reference from './reference/philox.ts';
import { assertSameBits, randomValues, useNative } from './support.ts';

test.before(() => useNative());

const keys = [
  [0, 0],
  [0xffffffff, 0xffffffff],
  [0xa4093822, 0x299f31d0],
];
const attributes = ([keyLow, keyHigh]: number[]) => ({ keyLow, keyHigh });
const kernel = (name: string, inputs: object, attrs: object) =>
  tf.engine().runKernel(name, inputs as never, attrs as never) as tf.Tensor;

function draw(name: string, shape: number[], key: number[], counter: number[]): Float32Array {
  return tf.tidy(() => {
    const inputs = { counter: tf.tensor1d(counter, 'int32') };
    return kernel(name, inputs, { shape, ...attributes(key) }).dataSync() as Float32Array;
  });
}

// Around groups of 16, 32 and 64 numbers, tasks of 8192, and 2^16.
const sizes = [0, 1, 2, 3, 4, 5, 15, 17, 31, 33, 63, 64, 65, 127, 1000, 8191, 8193, 65_536 + 7];

test('uniform numbers are those of the generator, to the bit, at every size', (t) => {
  for (const key of keys) {
    const expected = Float32Array.from(reference.uniformNoise(sizes.at(-1)!, key, [7, 2 ** 31 - 1]));
    for (const size of sizes)
      assertSameBits(
        t,
        draw('UniformNoise', [size], key, [7, 2 ** 31 - 1]),
        expected.slice(0, size),
        `${key}: ${size}`,
      );
  }
  t.true(reference.uniformNoise(1e4, keys[0]!, [0, 0]).every((u) => Math.fround(u) === u && u > 0 && u < 1));
});

test('normal numbers are those of Box and Muller to rounding, and of every size the same bits', (t) => {
  const size = sizes.at(-1)!;
  for (const key of keys) {
    const expected = reference.normalNoise(size, key, [0, 3]);
    const found = draw('NormalNoise', [size], key, [0, 3]);
    const worst = found.reduce((most, x, i) => Math.max(most, Math.abs(x - expected[i]!)), 0);
    t.true(worst < 2e-6, `off by ${worst}`);
    for (const shorter of sizes)
      assertSameBits(t, draw('NormalNoise', [shorter], key, [0, 3]), found.slice(0, shorter));
  }
});

test('one and several threads give the same bits', (t) => {
  for (const name of ['UniformNoise', 'NormalNoise']) {
    const found = [1, 2, 3, 5].map((threads) => {
      setThreads(threads);
      return draw(name, [3, 33_333], [1, 2], [3, 4]);
    });
    setThreads(2);
    for (const other of found) assertSameBits(t, other, found[0]!);
  }
});

function bernoulli(probability: Float32Array, key: number[], counter: number[]): Float32Array {
  return tf.tidy(() => {
    const inputs = { probability: tf.tensor1d(probability), counter: tf.tensor1d(counter, 'int32') };
    return kernel('BernoulliNoise', inputs, attributes(key)).dataSync() as Float32Array;
  });
}

test('Bernoulli draws 1 where the uniform number is below the probability, at every size', (t) => {
  for (const size of sizes) {
    const u = reference.uniformNoise(size, [5, 6], [1, 1]);
    const probability = randomValues(size, 3).map((x, i) => [x, u[i]!, 0, 1, Number.NaN][i % 5]!);
    const expected = probability.map((p, i) => (u[i]! < p ? 1 : 0));
    assertSameBits(t, bernoulli(probability, [5, 6], [1, 1]), expected, `${size}`);
  }
});

test('a captured step draws what the eager one does, counter by counter', (t) => {
  const key = [11, 12];
  const body = ([probability, counter]: tf.Tensor[]) => [
    kernel('UniformNoise', { counter }, { shape: [7, 31], ...attributes(key) }),
    kernel('NormalNoise', { counter }, { shape: [217], ...attributes(key) }),
    kernel('BernoulliNoise', { probability, counter }, attributes(key)),
  ];
  const step = captureStep(body, [tf.zeros([217]), tf.zeros([2], 'int32')]);
  const probability = randomValues(217, 8);
  for (const counter of [
    [0, 0],
    [0, 1],
    [1, 0],
    [2 ** 31 - 1, 5],
  ]) {
    const [uniform, normal, drawn] = step.run(probability, Int32Array.from(counter));
    assertSameBits(t, uniform!, draw('UniformNoise', [217], key, counter));
    assertSameBits(t, normal!, draw('NormalNoise', [217], key, counter));
    assertSameBits(t, drawn!, bernoulli(probability, key, counter));
  }
  step.dispose();
});

test('a counter or probability of another kind is refused', (t) => {
  const counter = tf.tensor1d([0, 0], 'int32');
  const attrs = { shape: [4], ...attributes([0, 0]) };
  t.throws(() => kernel('UniformNoise', { counter: tf.tensor1d([0, 0]) }, attrs), { message: /counter must be int32/ });
  t.throws(() => kernel('NormalNoise', { counter: tf.tensor1d([0], 'int32') }, attrs), {
    message: /must be int32 \[2\]/,
  });
  const probability = tf.tensor1d([1, 0], 'int32');
  t.throws(() => kernel('BernoulliNoise', { probability, counter }, attrs), { message: /probability must be float32/ });
});
