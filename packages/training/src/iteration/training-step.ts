import type { Network, RandomStream } from '@prunebench/core';
import { type Extension, forward, lossOf, tidy } from '@prunebench/network';
import * as tf from '@tensorflow/tfjs-core';
import { sparseForward } from '../sparse/sparse-forward.ts';
import type { SparseKernel } from '../sparse/sparse-kernels.ts';
import type { Optimizer, Trainable } from './optimizer.ts';
import type { RunningStatistics } from './running-statistics.ts';

/** What a training step works on; its tensors are changed in place. */
export interface StepSubject {
  readonly network: Network;
  /** All parameters, running statistics included. */
  readonly variables: Readonly<Record<string, tf.Variable>>;
  /** What gradients move: the network's parameters and the extensions' variables. */
  readonly trainables: readonly Trainable[];
  readonly optimizer: Optimizer;
  readonly statistics: RunningStatistics;
  readonly extensions: readonly Extension[];
  /** Kernels of which only the kept weights are trained, by name; empty in a dense step, and where there are extensions. */
  readonly sparse: ReadonlyMap<string, SparseKernel>;
}

/**
 * One step of gradient descent: forward, backward, update, running statistics.
 *
 * @param x [n, ...inputShape]
 * @param labels [n] int32
 * @param rates what `optimizer.ratesAt` says for this step
 * @param random for dropout
 * @returns the loss before the step, penalties included (weight decay is not a part of it); the caller disposes it
 */
export function trainingStep(
  subject: StepSubject,
  x: tf.Tensor,
  labels: tf.Tensor1D,
  rates: tf.Tensor,
  random: RandomStream | undefined,
): tf.Scalar {
  return tidy(() => {
    const { value, grads } = gradientsOfLoss(subject, x, labels, random);
    subject.optimizer.apply(grads, rates);
    subject.statistics.update(x.shape[0]);
    return value;
  });
}

function gradientsOfLoss(
  subject: StepSubject,
  x: tf.Tensor,
  labels: tf.Tensor1D,
  random: RandomStream | undefined,
): { value: tf.Scalar; grads: Record<string, tf.Tensor> } {
  const { network, variables, trainables, extensions } = subject;
  const { value, grads: list } = tf.engine().gradients(
    () => {
      const outputs = outputsOf(subject, x, random);
      const loss = lossOf(network).mean(outputs as tf.Tensor2D, labels);
      return withPenalties(loss, extensions, variables);
    },
    trainables.map(({ variable }) => variable),
    null as unknown as tf.Tensor,
    true,
  );
  const grads: Record<string, tf.Tensor> = {};
  for (let i = 0; i < list.length; i++) if (list[i]) grads[trainables[i].name] = list[i];
  const changed = extensions.reduce((before, extension) => extension.gradients?.(before) ?? before, grads);
  return { value: value as tf.Scalar, grads: changed };
}

function outputsOf(
  { network, variables, statistics, extensions, sparse }: StepSubject,
  x: tf.Tensor,
  random: RandomStream | undefined,
): tf.Tensor {
  const onStatistics = statistics.collector.collect;
  if (sparse.size > 0) return sparseForward(network, variables, sparse, x, { onStatistics });
  return forward(network, variables, x, { training: true, extensions, onStatistics, ...(random ? { random } : {}) });
}

function withPenalties(
  loss: tf.Scalar,
  extensions: readonly Extension[],
  variables: Readonly<Record<string, tf.Variable>>,
): tf.Scalar {
  return extensions.reduce((sum, { penalty }) => (penalty ? tf.add(sum, penalty(variables)) : sum), loss);
}
