import { PrunebenchError, sizeOf } from '@prunebench/core';
import * as tf from '@tensorflow/tfjs-core';
import { hasKernel } from './has-kernel.ts';
import { type NoiseKey, philox4x32 } from './philox.ts';
import { withoutGradient } from './without-gradient.ts';

/**
 * Random numbers as a function of a key, a counter and the element's index alone, so that they do not depend on the backend, the
 * number of threads, what was drawn before, or whether training was interrupted.
 *
 * Element i takes word i mod 4 of the Philox4x32-10 block of the counter (floor(i / 4), 0, update, batch) (Salmon et al. 2011).
 * The counter [update, batch] is a tensor so that a compiled step can have it as an input; the key is fixed when it is compiled.
 * Backends without kernels of these names read the counter and compute in JavaScript.
 */
const KERNELS = { uniform: 'UniformNoise', normal: 'NormalNoise', bernoulli: 'BernoulliNoise' } as const;

/**
 * Uniform in (0, 1), both ends excluded: the middles of 2^23 equal parts, ((word >>> 9) + 0.5) 2^-23, the same bits on every backend.
 *
 * @param counter int32 [2]: update, batch
 * @returns float32 of `shape`
 * @throws PrunebenchError for a key or counter of another kind
 */
export function uniformNoise(shape: readonly number[], key: NoiseKey, counter: tf.Tensor1D): tf.Tensor {
  check(key, counter);
  return hasKernel(KERNELS.uniform)
    ? fused(KERNELS.uniform, { counter }, { shape: [...shape], ...attributes(key) })
    : composed(shape, key, counter, uniformValues);
}

/**
 * Standard normal, |x| < 5.8 (Box & Muller 1958): of a block's words 0 and 1, and 2 and 3, as uniforms u and v,
 * sqrt(-2 ln u) cos(2 pi v) at the even element and sqrt(-2 ln u) sin(2 pi v) at the odd one. Equal up to rounding across backends, and
 * to the bit for any number of threads of one.
 *
 * @param counter int32 [2]: update, batch
 * @returns float32 of `shape`
 * @throws PrunebenchError for a key or counter of another kind
 */
export function normalNoise(shape: readonly number[], key: NoiseKey, counter: tf.Tensor1D): tf.Tensor {
  check(key, counter);
  return hasKernel(KERNELS.normal)
    ? fused(KERNELS.normal, { counter }, { shape: [...shape], ...attributes(key) })
    : composed(shape, key, counter, normalValues);
}

/**
 * 1 where `uniformNoise` of the same key and counter is below the probability, else 0 (also where that is NaN): the same bits on
 * every backend. The gradient into the probability is 0; a straight-through estimator wraps this in tf.customGrad.
 *
 * @param probability float32
 * @param counter int32 [2]: update, batch
 * @returns float32 of the probability's shape
 * @throws PrunebenchError for a probability, key or counter of another kind
 */
export function bernoulliNoise(probability: tf.Tensor, key: NoiseKey, counter: tf.Tensor1D): tf.Tensor {
  check(key, counter);
  if (probability.dtype !== 'float32')
    throw new PrunebenchError(`bernoulliNoise: probabilities are float32, not ${probability.dtype}.`, {
      remedy: 'Cast them to float32.',
    });
  return withoutGradient(probability, (p) =>
    hasKernel(KERNELS.bernoulli)
      ? fused(KERNELS.bernoulli, { probability: p, counter }, attributes(key))
      : tf.tidy(() => {
          const drawn = tf.less(composed(p.shape, key, counter, uniformValues), p);
          return tf.where(drawn, tf.onesLike(p), tf.zerosLike(p));
        }),
  );
}

function check({ low, high }: NoiseKey, counter: tf.Tensor): void {
  for (const word of [low, high])
    if (word !== word >>> 0)
      throw new PrunebenchError(`Noise: the key's words are whole numbers in [0, 2^32), not ${word}.`, {
        remedy: 'Give { low, high } as unsigned 32-bit numbers.',
      });
  if (counter.dtype !== 'int32' || counter.size !== 2)
    throw new PrunebenchError(`Noise: the counter is int32 [2], not ${counter.dtype} [${counter.shape}].`, {
      remedy: "Give tf.tensor1d([update, batch], 'int32').",
    });
}

const attributes = ({ low, high }: NoiseKey) => ({ keyLow: low, keyHigh: high });

function fused(kernel: string, inputs: tf.NamedTensorMap, attrs: tf.NamedAttrMap): tf.Tensor {
  return tf.engine().runKernel<tf.Tensor>(kernel, inputs, attrs);
}

type FourNumbers = readonly [number, number, number, number];

function composed(
  shape: readonly number[],
  key: NoiseKey,
  counter: tf.Tensor,
  numbersOf: (words: FourNumbers) => FourNumbers,
): tf.Tensor {
  const [update, batch] = Uint32Array.from(counter.dataSync());
  const values = new Float32Array(sizeOf(shape));
  for (let i = 0; i < values.length; i += 4) {
    const numbers = numbersOf(philox4x32([i / 4, 0, update, batch], key));
    for (let j = 0; j < 4 && i + j < values.length; j++) values[i + j] = numbers[j];
  }
  return tf.tensor(values, [...shape], 'float32');
}

const uniform = (word: number): number => ((word >>> 9) + 0.5) * 2 ** -23;

const uniformValues = ([a, b, c, d]: FourNumbers): FourNumbers => [uniform(a), uniform(b), uniform(c), uniform(d)];

const normalValues = ([a, b, c, d]: FourNumbers): FourNumbers => [...normalPair(a, b), ...normalPair(c, d)];

function normalPair(first: number, second: number): [number, number] {
  const radius = Math.sqrt(-2 * Math.log(uniform(first)));
  const angle = 2 * Math.PI * uniform(second);
  return [radius * Math.cos(angle), radius * Math.sin(angle)];
}
