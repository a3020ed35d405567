import type { Network } from '@prunebench/core';
import * as tf from '@tensorflow/tfjs-core';
import { oneHot } from './one-hot.ts';
import { softmaxCrossEntropy } from './softmax-cross-entropy.ts';

/** The mean loss of a batch, differentiable in the outputs. */
export type Loss = (outputs: tf.Tensor2D, labels: tf.Tensor1D) => tf.Scalar;

/**
 * What training this network minimises, as a function of its outputs [N, units] and the class indices [N] (int32):
 * softmax cross-entropy, or half the squared distance to the target, both averaged over the examples (see `Network.loss`).
 */
export function lossOf(network: Network): Loss {
  return network.loss === 'squared-error' ? halfSquaredError : softmaxCrossEntropy;
}

function halfSquaredError(outputs: tf.Tensor2D, labels: tf.Tensor1D): tf.Scalar {
  const [examples, units] = outputs.shape;
  const targets = units === 1 ? tf.reshape(tf.cast(labels, 'float32'), [examples, 1]) : oneHot(labels, units);
  return tf.mul(tf.sum(tf.squaredDifference(outputs, targets)), 0.5 / examples) as tf.Scalar;
}
