import { PrunebenchError } from '@prunebench/core';
import * as tf from '@tensorflow/tfjs-core';
import { hasKernel } from './has-kernel.ts';
import { withoutGradient } from './without-gradient.ts';

const KERNEL = 'TopKMask';

/**
 * 0/1 float32 of the scores' shape with exactly k ones, at the k largest scores. Among equal scores (both zeros are) those with the
 * higher flat index stay, as in core's `select`; NaN is lower than every number. The gradient into the scores is 0; a
 * straight-through estimator wraps this in tf.customGrad.
 *
 * @param scores float32
 * @param k how many ones: 0 ... size; or an int32 scalar, which may be an input of a compiled step and counts as the nearest of these
 * @throws PrunebenchError for scores or a k of another kind
 */
export function topKMask(scores: tf.Tensor, k: number | tf.Scalar): tf.Tensor {
  if (scores.dtype !== 'float32')
    throw new PrunebenchError(`topKMask: scores are float32, not ${scores.dtype}.`, {
      remedy: 'Cast them to float32.',
    });
  checkCount(k, scores.size);
  return tf.tidy(() => {
    const count = typeof k === 'number' ? tf.scalar(k, 'int32') : k;
    return withoutGradient(scores, (values) =>
      hasKernel(KERNEL)
        ? tf.engine().runKernel<tf.Tensor>(KERNEL, { scores: values, k: count })
        : composed(values, count.dataSync()[0]),
    );
  });
}

function checkCount(k: number | tf.Scalar, size: number): void {
  if (typeof k === 'number') {
    if (Number.isInteger(k) && k >= 0 && k <= size) return;
    throw new PrunebenchError(`topKMask: ${k} of ${size} scores cannot be kept.`, {
      remedy: `Give k as a whole number from 0 to ${size}.`,
    });
  }
  if (k.dtype === 'int32' && k.size === 1) return;
  throw new PrunebenchError(`topKMask: k is one int32, not ${k.dtype} [${k.shape}].`, {
    remedy: "Give a number or tf.scalar(k, 'int32').",
  });
}

function composed(scores: tf.Tensor, count: number): tf.Tensor {
  const orders = ordersOf(scores.dataSync<'float32'>());
  const mask = new Float32Array(orders.length);
  let left = Math.min(Math.max(count, 0), orders.length);
  const last = orders.slice().sort()[orders.length - left];
  for (let i = 0; i < orders.length; i++)
    if (orders[i] > last) {
      mask[i] = 1;
      left--;
    }
  for (let i = orders.length - 1; left > 0; i--)
    if (orders[i] === last) {
      mask[i] = 1;
      left--;
    }
  return tf.tensor(mask, scores.shape, 'float32');
}

/** Whole numbers that compare as the scores do: their bits, with both zeros alike and NaN lowest. */
function ordersOf(scores: Float32Array): Uint32Array {
  const bits = new Int32Array(Float32Array.from(scores).buffer);
  return Uint32Array.from(bits, (word, i) => {
    if (Number.isNaN(scores[i])) return 0;
    const raw = scores[i] === 0 ? 0 : word;
    return (raw ^ ((raw >> 31) | 0x80000000)) >>> 0;
  });
}
