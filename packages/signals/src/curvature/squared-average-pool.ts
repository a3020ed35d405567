import type { Pool } from '@prunebench/core';
import { ofRank } from '@prunebench/network';
import * as tf from '@tensorflow/tfjs-core';

/**
 * Average pooling backwards: every input of a window has the coefficient 1/count, with count the window's pixels inside
 * the image. Second derivatives take it squared.
 */
export function squaredAveragePool(
  layer: Pool,
  x: tf.Tensor4D,
  h: tf.Tensor,
  g: tf.Tensor | undefined,
): { h: tf.Tensor; g: tf.Tensor | undefined } {
  const channels = x.shape[3];
  const ones = tf.ones<tf.Rank.R4>([layer.size[0], layer.size[1], channels, 1]);
  // A depthwise convolution with ones is the windows' sum. tfjs's own average-pooling gradient is not used: on the CPU backend
  // it divides by the full window also where a window sticks out of the image.
  const [down, across] = layer.strides;
  const sum = (z: tf.Tensor4D) => tf.depthwiseConv2d(z, ones, [down, across], layer.padding);
  const count = sum(tf.onesLike(x));
  const spread = (dy: tf.Tensor) => tf.grad((z) => sum(ofRank(z, 4)))(x, dy);
  return { h: spread(tf.div(h, tf.square(count))), g: g && spread(tf.div(g, count)) };
}
