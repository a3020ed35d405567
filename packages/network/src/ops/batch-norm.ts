import * as tf from '@tensorflow/tfjs-core';
import { gradientArguments } from './gradient-arguments.ts';
import { hasKernel } from './has-kernel.ts';

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

/**
 * Batch norm with the batch's own statistics (Ioffe & Szegedy 2015, algorithm 1), over all axes but the last:
 * y = act(gamma * (x - mean) / sqrt(variance + epsilon) + beta + residual), act = ReLU or identity.
 *
 * Gradients flow from y to x, gamma, beta and the residual, through mean and variance too. `mean` and `variance` are for
 * running statistics: no gradient flows from them.
 *
 * @param x [N, ..., C]
 * @param gamma [C]
 * @param beta [C]
 */
export function batchNormTraining(
  x: tf.Tensor,
  gamma: tf.Tensor1D,
  beta: tf.Tensor1D,
  options: BatchNormTrainingOptions,
): BatchNormTrainingResult {
  return hasKernel(FORWARD) && hasKernel(BACKWARD) ? fused(x, gamma, beta, options) : composed(x, gamma, beta, options);
}

const FORWARD = 'BatchNormTraining';
const BACKWARD = 'BatchNormTrainingGrad';

function fused(
  x: tf.Tensor,
  gamma: tf.Tensor1D,
  beta: tf.Tensor1D,
  options: BatchNormTrainingOptions,
): BatchNormTrainingResult {
  const { epsilon, relu, residual } = options;
  const inputs = { x, gamma, beta, ...(residual ? { residual } : {}) };
  const attrs = { epsilon, relu, residual: residual !== undefined };
  const [y, mean, variance] = tf.engine().runKernel<tf.Tensor1D[]>(FORWARD, inputs, attrs);
  return { y, mean, variance };
}

tf.registerGradient({
  kernelName: FORWARD,
  inputsToSave: ['x', 'gamma'],
  outputsToSave: [true, true, true],
  gradFunc: (dys, saved, attrs) => {
    const [x, gamma, y, mean, variance] = saved;
    const inputs = { dy: [dys].flat()[0], x, y, gamma, mean, variance };
    // Run now, not inside the getters: what the first getter's tidy creates is gone when the second is called.
    const [dx, dgamma, dbeta, dresidual] = tf.engine().runKernel<tf.Tensor[]>(BACKWARD, inputs, attrs);
    return { x: () => dx, gamma: () => dgamma, beta: () => dbeta, ...(dresidual ? { residual: () => dresidual } : {}) };
  },
});

function composed(
  x: tf.Tensor,
  gamma: tf.Tensor1D,
  beta: tf.Tensor1D,
  options: BatchNormTrainingOptions,
): BatchNormTrainingResult {
  const { epsilon, relu, residual } = options;
  const mean = overChannels(x, tf.mean);
  const variance = overChannels(tf.squaredDifference(x, mean), tf.mean);
  const normalise = tf.customGrad((...args) => {
    const { tensors, save } = gradientArguments(args);
    const [input, scale, shift, added] = tensors;
    const scaled = tf.add(tf.mul(normalised(input, mean, variance, epsilon), scale), shift);
    const sum = added ? tf.add(scaled, added) : scaled;
    const y = relu ? tf.relu(sum) : sum;
    save([input, scale, y, mean, variance]);
    return { value: y, gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => gradients(dy, saved, options) };
  });
  const y = residual ? normalise(x, gamma, beta, residual) : normalise(x, gamma, beta);
  return { y, mean, variance };
}

/** Of x, gamma, beta and, when there is one, the residual. */
function gradients(dy: tf.Tensor, saved: readonly tf.Tensor[], options: BatchNormTrainingOptions): tf.Tensor[] {
  const [x, gamma, y, mean, variance] = saved;
  const dsum = options.relu ? tf.mul(dy, tf.step(y)) : dy;
  const xhat = normalised(x, mean, variance, options.epsilon);
  const dbeta = overChannels(dsum, tf.sum);
  const dgamma = overChannels(tf.mul(dsum, xhat), tf.sum);
  // dx = gamma / sqrt(variance + epsilon) * (dsum - mean(dsum) - xhat * mean(dsum * xhat)), means over the M values of a channel
  const perChannel = x.size / gamma.size;
  const centred = tf.sub(dsum, tf.div(tf.add(dbeta, tf.mul(xhat, dgamma)), perChannel));
  const dx = tf.mul(centred, tf.mul(gamma, tf.rsqrt(tf.add(variance, options.epsilon))));
  return options.residual ? [dx, dgamma, dbeta, dsum] : [dx, dgamma, dbeta];
}

function normalised(x: tf.Tensor, mean: tf.Tensor, variance: tf.Tensor, epsilon: number): tf.Tensor {
  return tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, epsilon)));
}

function overChannels(x: tf.Tensor, reduce: typeof tf.mean | typeof tf.sum): tf.Tensor1D {
  const channels = x.shape[x.rank - 1];
  return reduce(tf.reshape(x, [x.size / channels, channels]), 0);
}
