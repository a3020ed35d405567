import * as tf from '@tensorflow/tfjs-core';
import { hasKernel } from './has-kernel.ts';

export interface AdamUpdate {
  readonly param: tf.Tensor;
  /** First moment. */
  readonly m: tf.Tensor;
  /** Second moment. */
  readonly v: tf.Tensor;
  readonly gradient: tf.Tensor;
  /** 0/1 float32; pruned weights and their moments stay 0. */
  readonly mask?: tf.Tensor | undefined;
  /** [3] = learning rate, 1 - beta1^t, 1 - beta2^t for step t = 1, 2, ... */
  readonly schedule: tf.Tensor1D;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** AdamW: the decay goes past the moments. */
  readonly decoupled: boolean;
}

const KERNEL = 'AdamUpdate';

/**
 * One step of Adam (Kingma & Ba 2015, algorithm 1) or, when `decoupled`, AdamW (Loshchilov & Hutter 2019, algorithm 2), as
 * new tensors [param, m, v] (the old ones are not disposed):
 * g = gradient + (decoupled ? 0 : weightDecay * param); m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2;
 * param -= rate * ((m / c1) / (sqrt(v / c2) + epsilon) + (decoupled ? weightDecay * param : 0)), (rate, c1, c2) = schedule.
 */
export function adamUpdate(update: AdamUpdate): [param: tf.Tensor, m: tf.Tensor, v: tf.Tensor] {
  const [param, m, v] = hasKernel(KERNEL) ? fused(update) : tf.tidy(() => composed(update));
  return [param, m, v];
}

function fused({ param, m, v, gradient, mask, schedule, ...attrs }: AdamUpdate): tf.Tensor[] {
  const inputs = { param, m, v, gradient, schedule, ...(mask ? { mask } : {}) };
  return tf.engine().runKernel<tf.Tensor[]>(KERNEL, inputs, attrs);
}

function composed(update: AdamUpdate): tf.Tensor[] {
  const { param, gradient, mask, schedule, beta1, beta2, epsilon, weightDecay, decoupled } = update;
  const [rate, c1, c2] = tf.unstack(schedule);
  const decay = weightDecay === 0 ? undefined : tf.mul(param, weightDecay);
  const g = decay && !decoupled ? tf.add(gradient, decay) : gradient;
  const m = tf.add(tf.mul(update.m, beta1), tf.mul(g, 1 - beta1));
  const v = tf.add(tf.mul(update.v, beta2), tf.mul(tf.square(g), 1 - beta2));
  const adaptive = tf.div(tf.div(m, c1), tf.add(tf.sqrt(tf.div(v, c2)), epsilon));
  const step = decay && decoupled ? tf.add(adaptive, decay) : adaptive;
  const next = [tf.sub(param, tf.mul(step, rate)), m, v];
  return mask ? next.map((value) => tf.mul(value, mask)) : next;
}
