import * as tf from '@tensorflow/tfjs-core';
import { hasKernel } from './has-kernel.ts';

export interface MomentumUpdate {
  readonly param: tf.Tensor;
  readonly velocity: tf.Tensor;
  readonly gradient: tf.Tensor;
  /** 0/1 float32; pruned weights and their velocity stay 0. */
  readonly mask?: tf.Tensor | undefined;
  readonly learningRate: tf.Scalar;
  readonly momentum: number;
  readonly nesterov: boolean;
  /** Added to the gradient as weightDecay * param. */
  readonly weightDecay: number;
}

const KERNEL = 'MomentumUpdate';

/**
 * One step of SGD with momentum, as new tensors [param, velocity] (the old ones are not disposed):
 * g = gradient + weightDecay * param; velocity = momentum * velocity + g;
 * param -= learningRate * (nesterov ? g + momentum * velocity : velocity).
 */
export function momentumUpdate(update: MomentumUpdate): [param: tf.Tensor, velocity: tf.Tensor] {
  const [param, velocity] = hasKernel(KERNEL) ? fused(update) : tf.tidy(() => composed(update));
  return [param, velocity];
}

function fused({ param, velocity, gradient, mask, learningRate, momentum, nesterov, weightDecay }: MomentumUpdate) {
  const inputs = { param, velocity, gradient, learningRate, ...(mask ? { mask } : {}) };
  return tf.engine().runKernel<tf.Tensor[]>(KERNEL, inputs, { momentum, nesterov, weightDecay });
}

function composed({
  param,
  velocity,
  gradient,
  mask,
  learningRate,
  momentum,
  nesterov,
  weightDecay,
}: MomentumUpdate): tf.Tensor[] {
  const g = weightDecay === 0 ? gradient : tf.add(gradient, tf.mul(param, weightDecay));
  const nextVelocity = tf.add(tf.mul(velocity, momentum), g);
  const step = nesterov ? tf.add(g, tf.mul(nextVelocity, momentum)) : nextVelocity;
  const next = [tf.sub(param, tf.mul(step, learningRate)), nextVelocity];
  return mask ? next.map((value) => tf.mul(value, mask)) : next;
}
