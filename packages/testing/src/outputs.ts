import type { Batch, Network, ParameterRecord } from '@prunebench/core';
import { forward } from '@prunebench/network';
import * as tf from '@tensorflow/tfjs-core';

/** The network's outputs for a batch at inference, row by row. */
export function outputs(network: Network, parameters: ParameterRecord, { x, size }: Batch): Float32Array {
  return tf.tidy<Float32Array>(() => {
    const tensors = Object.entries(parameters).map(([name, { values, shape }]) => [
      name,
      tf.tensor(values, [...shape]),
    ]);
    return forward(
      network,
      Object.fromEntries(tensors),
      tf.tensor(x, [size, ...network.inputShape]),
    ).dataSync<'float32'>();
  });
}

/** Largest absolute difference over the largest expected magnitude; infinite where lengths differ or a value is NaN. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let difference = 0;
  let scale = 0;
  for (let i = 0; i < expected.length; i++) {
    const distance = Math.abs(actual[i] - expected[i]);
    if (Number.isNaN(distance)) return Number.POSITIVE_INFINITY;
    difference = Math.max(difference, distance);
    scale = Math.max(scale, Math.abs(expected[i]));
  }
  return difference / (scale || 1);
}
