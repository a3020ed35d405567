import * as tf from '@tensorflow/tfjs-core';
import { hasKernel } from './has-kernel.ts';
import { withoutGradient } from './without-gradient.ts';

const KERNEL = 'TopKMask';

/**
 * 0/1 float32 of the shape of `scores`, 1 at exactly the k largest; of equal ones the last stay, as core's `select` has it, and NaN counts
 * as lowest. No gradient goes into the scores.
 *
 * @param k also as an int32 scalar, which a recorded step may get anew each time; it is cut to the range from 0 to the number of scores
 * @throws RangeError for a number outside that range
 */
export function topKMask(scores: tf.Tensor, k: number | tf.Scalar): tf.Tensor {
  if (typeof k === 'number' && !(Number.isInteger(k) && k >= 0 && k <= scores.size))
    throw new RangeError(`topKMask: k is ${k}, of ${scores.size} scores`);
  return tf.tidy(() => {
    const count = typeof k === 'number' ? tf.scalar(k, 'int32') : k;
    return withoutGradient(scores, (values) =>
      hasKernel(KERNEL)
        ? (tf.engine().runKernel(KERNEL, { scores: values, k: count }) as tf.Tensor)
        : composed(values, count.dataSync()[0]),
    );
  });
}

function composed(scores: tf.Tensor, k: number): tf.Tensor {
  const values = Float64Array.from(scores.dataSync(), (score) =>
    Number.isNaN(score) ? Number.NEGATIVE_INFINITY : score,
  );
  const largestFirst = Uint32Array.from(values.keys()).sort((a, b) => values[b] - values[a] || b - a);
  const mask = new Float32Array(values.length);
  for (const at of largestFirst.subarray(0, Math.max(0, Math.min(k, values.length)))) mask[at] = 1;
  return tf.tensor(mask, scores.shape);
}
