import { PrunebenchError } from '@prunebench/core';
import type * as tf from '@tensorflow/tfjs-core';

interface Ranked {
  readonly 0: tf.Scalar;
  readonly 1: tf.Tensor1D;
  readonly 2: tf.Tensor2D;
  readonly 4: tf.Tensor4D;
  readonly 5: tf.Tensor5D;
}

/**
 * The tensor, as what it is known to be where the types of TensorFlow.js have lost it.
 *
 * @throws PrunebenchError for one of another rank
 */
export function ofRank<Rank extends keyof Ranked>(x: tf.Tensor, rank: Rank): Ranked[Rank] {
  if (hasRank(x, rank)) return x;
  throw new PrunebenchError(`A tensor of rank ${rank} is needed here, not one of shape [${x.shape}].`);
}

function hasRank<Rank extends keyof Ranked>(x: tf.Tensor, rank: Rank): x is Ranked[Rank] {
  return x.rank === rank;
}
