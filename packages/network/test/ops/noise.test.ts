import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { randomStream } from '@prunebench/core';
import test from 'ava';
import { noiseSource } from '../../src/index.ts';
import { bernoulliNoise, normalNoise, philox4x32, uniformNoise } from '../../src/ops/noise.ts';

const counter = (update: number, batch = 0) => tf.tensor1d([update, batch], 'int32');
const key = { low: 0x12345678, high: 0x9abcdef0 };

// Known answers that come with Random123, the authors' library (kat_vectors, philox4x32 10).
test('Philox gives the known answers of its authors', (t) => {
  const known = [
    ['00000000 00000000 00000000 00000000', '00000000 00000000', '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
    ['ffffffff ffffffff ffffffff ffffffff', 'ffffffff ffffffff', '408f276d 41c83b0e a20bc7c6 6d5451fd'],
    ['243f6a88 85a308d3 13198a2e 03707344', 'a4093822 299f31d0', 'd16cfe09 94fdcceb 5001e420 24126ea1'],
  ];
  const words = (text: string) => text.split(' ').map((word) => Number.parseInt(word, 16));
  for (const [block, under, answer] of known) {
    const [c0, c1, c2, c3] = words(block);
    const [low, high] = words(under);
    t.deepEqual([...philox4x32([c0, c1, c2, c3], [low, high])], words(answer));
  }
});

test('a draw is a function of key, counter and place', (t) => {
  const long = uniformNoise([1000], key, counter(3)).dataSync();
  t.deepEqual([...uniformNoise([7, 11], key, counter(3)).dataSync()], [...long.slice(0, 77)]);
  const others = [
    uniformNoise([1000], key, counter(4)),
    uniformNoise([1000], key, counter(3, 1)),
    uniformNoise([1000], { ...key, low: key.low + 1 }, counter(3)),
    uniformNoise([1000], { ...key, high: key.high + 1 }, counter(3)),
  ];
  for (const other of others) t.true(Math.abs(correlation(long, other.dataSync())) < 5 / Math.sqrt(1000));
  t.is(uniformNoise([0, 3], key, counter(3)).size, 0);
});

test('uniform and normal numbers are distributed as their names say', (t) => {
  const size = 100_000;
  const uniform = uniformNoise([size], key, counter(0)).dataSync();
  t.true(uniform.every((u) => u > 0 && u < 1));
  t.true(distance(uniform, (u) => u) < 1.95 / Math.sqrt(size), 'Kolmogorov-Smirnov at 0.1 %');
  const normal = normalNoise([size], key, counter(0)).dataSync();
  t.true(distance(normal, normalDistribution) < 1.95 / Math.sqrt(size));
  t.true(Math.abs(correlation(normal.slice(0, -1), normal.slice(1))) < 5 / Math.sqrt(size));
});

test('Bernoulli numbers have their probabilities, 0 and 1 too', (t) => {
  const probabilities = [0, 0.1, 0.5, 0.9, 1];
  const rows = 20_000;
  const drawn = bernoulliNoise(tf.tile(tf.tensor2d([probabilities]), [rows, 1]), key, counter(0)).dataSync();
  for (const [column, p] of probabilities.entries()) {
    let ones = 0;
    for (let row = 0; row < rows; row++) ones += drawn[row * probabilities.length + column];
    t.true(Math.abs(ones - rows * p) <= 5 * Math.sqrt(rows * p * (1 - p)), `${p}`);
  }
});

test('streams and names tell draws apart', (t) => {
  const at = (seed: number, name: string) =>
    [...noiseSource(randomStream(seed))(counter(1)).normal(name, [8]).dataSync()].join();
  t.is(new Set([at(1, 'a'), at(1, 'b'), at(2, 'a')]).size, 3);
  t.is(at(1, 'a'), at(1, 'a'));
});

function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const mean = (x: ArrayLike<number>) => Array.from(x).reduce((sum, value) => sum + value, 0) / x.length;
  const [ma, mb] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    ab += (a[i] - ma) * (b[i] - mb);
    aa += (a[i] - ma) ** 2;
    bb += (b[i] - mb) ** 2;
  }
  return ab / Math.sqrt(aa * bb);
}

/** Kolmogorov and Smirnov's: the greatest distance between the sample's distribution and another. */
function distance(sample: ArrayLike<number>, distribution: (x: number) => number): number {
  const sorted = Float64Array.from(sample).sort();
  let greatest = 0;
  for (let i = 0; i < sorted.length; i++) {
    const p = distribution(sorted[i]);
    greatest = Math.max(greatest, Math.abs(p - i / sorted.length), Math.abs(p - (i + 1) / sorted.length));
  }
  return greatest;
}

/** By Simpson's rule over the density, from 0. */
function normalDistribution(x: number): number {
  const steps = 200;
  const h = x / steps;
  const density = (z: number) => Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  let sum = density(0) + density(x);
  for (let i = 1; i < steps; i++) sum += (i % 2 === 1 ? 4 : 2) * density(i * h);
  return 0.5 + (sum * h) / 3;
}
