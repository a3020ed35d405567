import * as tf from '@tensorflow/tfjs-core';
import { hasKernel } from './has-kernel.ts';
import { withoutGradient } from './without-gradient.ts';

/** Which stream of noise: two unsigned 32-bit words. */
export interface NoiseKey {
  readonly low: number;
  readonly high: number;
}

/*
 * Random numbers by counting. Element i of a draw takes word i mod 4 of the block that Philox4x32-10 makes of the counter
 * (⌊i / 4⌋, 0, update, batch) under the draw's key, so that it depends on nothing else: not on threads, blocks of memory, or what was drawn
 * before. `counter` is an int32 tensor [update, batch], because a recorded step gets it anew each time.
 */

const KERNEL = 'Noise';
type Distribution = 'Uniform' | 'Normal' | 'Bernoulli';

/** Uniform in (0, 1), both ends excluded, the same bits on every backend: (⌊word / 2⁹⌋ + 1/2) / 2²³. */
export function uniformNoise(shape: readonly number[], key: NoiseKey, counter: tf.Tensor): tf.Tensor {
  return draw('Uniform', shape, key, counter);
}

/** Standard normal (Box & Muller 1958): the same bits for any number of threads, and up to rounding on every backend. */
export function normalNoise(shape: readonly number[], key: NoiseKey, counter: tf.Tensor): tf.Tensor {
  return draw('Normal', shape, key, counter);
}

/** 1 with the probability that stands there, else 0, the same bits on every backend; no gradient goes into the probability. */
export function bernoulliNoise(probability: tf.Tensor, key: NoiseKey, counter: tf.Tensor): tf.Tensor {
  return withoutGradient(probability, (p) => draw('Bernoulli', p.shape, key, counter, p));
}

function draw(
  distribution: Distribution,
  shape: readonly number[],
  { low, high }: NoiseKey,
  counter: tf.Tensor,
  probability?: tf.Tensor,
): tf.Tensor {
  if (!hasKernel(KERNEL)) return tf.tidy(() => composed(distribution, shape, { low, high }, counter, probability));
  const inputs = { counter, ...(probability ? { probability } : {}) };
  return tf.engine().runKernel(KERNEL, inputs, { shape: [...shape], low, high, distribution }) as tf.Tensor;
}

function composed(
  distribution: Distribution,
  shape: readonly number[],
  key: NoiseKey,
  counter: tf.Tensor,
  probability?: tf.Tensor,
): tf.Tensor {
  const size = shape.reduce((product, length) => product * length, 1);
  const [update, batch] = counter.dataSync();
  const words = new Uint32Array(Math.ceil(size / 4) * 4);
  for (let block = 0; block * 4 < size; block++)
    words.set(philox4x32([block, 0, update >>> 0, batch >>> 0], [key.low, key.high]), block * 4);
  const values = distribution === 'Normal' ? normals(words) : Float32Array.from(words, uniform);
  const noise = tf.tensor(values.subarray(0, size), [...shape], 'float32');
  return probability ? tf.cast(tf.less(noise, probability), 'float32') : noise;
}

function uniform(word: number): number {
  return ((word >>> 9) + 0.5) / 2 ** 23;
}

function normals(words: Uint32Array): Float32Array {
  const values = new Float32Array(words.length);
  for (let i = 0; i < words.length; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(uniform(words[i])));
    const angle = 2 * Math.PI * uniform(words[i + 1]);
    values[i] = radius * Math.cos(angle);
    values[i + 1] = radius * Math.sin(angle);
  }
  return values;
}

type Words4 = readonly [number, number, number, number];

/** Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011); all words are unsigned, of 32 bits. */
export function philox4x32(counter: Words4, key: readonly [number, number]): Words4 {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const high0 = highWord(0xd2511f53, c0);
    const high1 = highWord(0xcd9e8d57, c2);
    const low0 = Math.imul(0xd2511f53, c0) >>> 0;
    const low1 = Math.imul(0xcd9e8d57, c2) >>> 0;
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0;
    k0 = (k0 + 0x9e3779b9) >>> 0;
    k1 = (k1 + 0xbb67ae85) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/** The upper 32 of the 64 bits of a product. */
function highWord(a: number, b: number): number {
  const [aHigh, aLow, bHigh, bLow] = [a >>> 16, a & 0xffff, b >>> 16, b & 0xffff];
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carried = (middle % 2 ** 16) + aLow * bHigh;
  return (aHigh * bHigh + Math.floor(middle / 2 ** 16) + Math.floor(carried / 2 ** 16)) >>> 0;
}
