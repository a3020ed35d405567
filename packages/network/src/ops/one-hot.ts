import * as tf from '@tensorflow/tfjs-core';
import { ofRank } from './of-rank.ts';

/**
 * 1 at every row's label and 0 elsewhere, as float32 [N, classes]; a label outside the classes gives a row of zeros.
 *
 * Made of integers and then converted: asked for float32 at once, the wasm backend writes the bits of the integer 1, which are
 * those of 1.4e-45.
 *
 * @param labels [N] int32 class indices
 */
export function oneHot(labels: tf.Tensor1D, classes: number): tf.Tensor2D {
  return tf.tidy(() => ofRank(tf.cast(tf.oneHot(labels, classes), 'float32'), 2));
}
