import * as tf from '@tensorflow/tfjs-core';

export interface BatchNormTrainingOptions {
  readonly epsilon: number;
  /** max(0, .) after the residual is added. */
  readonly relu: boolean;
  /** Added to the normalised output; of x's shape. */
  readonly residual?: tf.Tensor | undefined;
}

export interface BatchNormTrainingResult {
  readonly y: tf.Tensor;
  /** [C] of this batch */
  readonly mean: tf.Tensor1D;
  /** [C], biased */
  readonly variance: tf.Tensor1D;
}
