import { takeValues } from '@prunebench/network';
import * as tf from '@tensorflow/tfjs-core';
import { convolutionGradients } from '../sample-gradients.ts';
import type { WeightLayer } from '../weight-layers.ts';

/**
 * Adds Σ_i g_iq² over the examples of a batch to `sums`, one entry per kernel weight.
 *
 * A dense layer's gradient is the outer product of input and δ, so its squares need no single gradient: (z²)ᵀ δ². A
 * convolution sums over positions before it squares, so every example's gradient is formed.
 */
export async function addSquaredGradients(
  sums: Float64Array,
  layer: WeightLayer,
  inputs: Float32Array,
  deltas: Float32Array,
  size: number,
): Promise<void> {
  if (layer.layer.kind === 'dense') {
    const product = tf.tidy(() =>
      tf.matMul(
        tf.square(tf.tensor2d(inputs, [size, layer.fanIn])),
        tf.square(tf.tensor2d(deltas, [size, layer.units])),
        true,
      ),
    );
    const [values] = await takeValues([product]);
    for (let q = 0; q < sums.length; q++) sums[q] += values[q];
    return;
  }
  const [gradients] = await convolutionGradients(layer, inputs, [deltas], size);
  for (let k = 0; k < size; k++) for (let q = 0; q < sums.length; q++) sums[q] += gradients[k * sums.length + q] ** 2;
}
