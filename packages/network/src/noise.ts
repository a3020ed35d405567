import type { RandomStream } from '@prunebench/core';
import type { Tensor, Tensor1D } from '@tensorflow/tfjs-core';
import { bernoulliNoise, normalNoise, uniformNoise } from './ops/noise.ts';
import type { NoiseKey } from './ops/philox.ts';

/**
 * Random tensors that depend on the stream they come from, on the name of the draw, on the update and on the element alone: the
 * same for any number of threads, in a replay and after a resume. A name stands for one draw an update.
 */
export interface Noise {
  /** In (0, 1). */
  uniform(name: string, shape: readonly number[]): Tensor;
  normal(name: string, shape: readonly number[]): Tensor;
  /** 1 with the probability that stands there, else 0; no gradient goes into the probability. */
  bernoulli(name: string, probability: Tensor): Tensor;
}

const WORDS = 2 ** 32;

/** The noise of one update. */
export type NoiseSource = (counter: Tensor1D) => Noise;

/**
 * Noise of a stream, for one counter after the other: int32 [2], the update, and 0 in training or 1 + the batch's number in an
 * evaluation.
 */
export function noiseSource(stream: RandomStream): NoiseSource {
  const keys = new Map<string, NoiseKey>();
  const keyOf = (name: string): NoiseKey => {
    const known = keys.get(name);
    if (known) return known;
    const fork = stream.fork(name);
    const key = { low: fork.integer(WORDS), high: fork.integer(WORDS) };
    keys.set(name, key);
    return key;
  };
  return (counter) => ({
    uniform: (name, shape) => uniformNoise(shape, keyOf(name), counter),
    normal: (name, shape) => normalNoise(shape, keyOf(name), counter),
    bernoulli: (name, probability) => bernoulliNoise(probability, keyOf(name), counter),
  });
}
