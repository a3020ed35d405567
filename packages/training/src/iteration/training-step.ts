import type { Network } from '@prunebench/core';
import { type ForwardHooks, forward, lossOf, ofRank, type ParameterTensors, tidy } from '@prunebench/network';
import * as tf from '@tensorflow/tfjs-core';
import type { ExtensionHost } from '../extensions/extension-host.ts';
import type { MomentTensors } from '../extensions/moments.ts';
import { sparseForward } from '../sparse/sparse-forward.ts';
import type { SparseKernel } from '../sparse/sparse-kernels.ts';
import type { Trainable } from './optimizer.ts';
import type { RunningStatistics } from './running-statistics.ts';
import type { Updates } from './updates.ts';

/** What a training step works on; its tensors are changed in place. */
export interface StepSubject {
  readonly network: Network;
  /** All parameters, running statistics included. */
  readonly variables: Readonly<Record<string, tf.Variable>>;
  /** 0/1, of the masked parameters. */
  readonly masks: ParameterTensors;
  readonly updates: Updates;
  readonly statistics: RunningStatistics;
  readonly host: ExtensionHost;
  /** Kernels of which only the kept weights are trained, by name; empty in a dense step. */
  readonly sparse: ReadonlyMap<string, SparseKernel>;
}

/** What a step is taken on. */
export interface StepInputs {
  /** [n, ...inputShape] */
  readonly x: tf.Tensor;
  /** [n] int32 */
  readonly labels: tf.Tensor1D;
  /** What `updates.ratesAt` says for this step. */
  readonly rates: readonly tf.Tensor[];
  /** Undefined where nothing depends on it: no extensions, no dropout. */
  readonly moment: MomentTensors | undefined;
}

/**
 * One step of gradient descent: forward, backward, update, running statistics.
 *
 * @returns the loss before the step, terms of extensions included (weight decay is not a part of it); the caller disposes it
 */
export function trainingStep(subject: StepSubject, inputs: StepInputs): tf.Scalar {
  return tidy(() => {
    const { updates, statistics, host } = subject;
    const { moment } = inputs;
    const data = gradientsOfLoss(subject, inputs, updates.trainables);
    const { value, gradients } = moment ? withPenalty(subject, moment, data) : data;
    const before = host.has('accumulate') ? copiesOf(subject.variables) : {};
    const parameters = subject.variables;
    updates.apply(moment ? host.gradients(gradients, parameters, moment) : gradients, inputs.rates);
    if (moment) {
      host.afterUpdate(parameters, moment, (changed) => assignMasked(subject, changed));
      if (host.has('accumulate')) host.accumulate({ gradients: data.gradients, before, after: parameters }, moment);
    }
    statistics.update(inputs.x.shape[0]);
    return value;
  });
}

interface LossGradients {
  readonly value: tf.Scalar;
  readonly gradients: Record<string, tf.Tensor>;
}

/** The mean loss, and its gradients by trainable; penalties are not in it. Batch norm's statistics wait in the collector. */
export function gradientsOfLoss(
  subject: StepSubject,
  { x, labels, moment }: Pick<StepInputs, 'x' | 'labels' | 'moment'>,
  trainables: readonly Pick<Trainable, 'name' | 'variable'>[],
): LossGradients {
  const { network, variables, host } = subject;
  return gradientsOf(trainables, () => {
    const taps: Record<string, tf.Tensor> = {};
    const outputs = outputsOf(subject, x, moment, tapping(host.taps, taps));
    const loss = lossOf(network).mean(ofRank(outputs, 2), labels);
    const more = moment && host.loss({ outputs, labels, images: x, parameters: variables, taps }, moment);
    return more ? tf.add(loss, more) : loss;
  });
}

/** Their gradients are added apart, so that sums over updates can tell them from the data's. */
function withPenalty(
  { updates, host, variables }: StepSubject,
  moment: MomentTensors,
  data: LossGradients,
): LossGradients {
  if (!host.has('penalty')) return data;
  const own = gradientsOf(updates.trainables, () => host.penalty(variables, moment)!);
  const gradients = { ...data.gradients };
  for (const [name, gradient] of Object.entries(own.gradients))
    gradients[name] = gradients[name] ? tf.add(gradients[name], gradient) : gradient;
  return { value: tf.add(data.value, own.value), gradients };
}

function gradientsOf(
  trainables: readonly Pick<Trainable, 'name' | 'variable'>[],
  loss: () => tf.Scalar,
): LossGradients {
  const variables = trainables.map(({ variable }) => variable);
  // `grads` is null where the loss does not depend on a variable, for instance because an extension replaced its layer.
  const { value, grads } = tf.engine().gradients(loss, variables, undefined, true);
  const gradients: Record<string, tf.Tensor> = {};
  for (let i = 0; i < grads.length; i++) if (grads[i]) gradients[trainables[i].name] = grads[i];
  return { value, gradients };
}

function outputsOf(
  { network, variables, statistics, host, sparse }: StepSubject,
  x: tf.Tensor,
  moment: MomentTensors | undefined,
  taps: readonly ForwardHooks[],
): tf.Tensor {
  const onStatistics = statistics.collector.collect;
  const options = host.forwardOptions(moment, true);
  if (sparse.size > 0)
    return sparseForward(network, variables, sparse, x, { ...options, training: true, onStatistics });
  return forward(network, variables, x, { ...options, hooks: [...options.hooks, ...taps], onStatistics });
}

/** The hook that keeps what these layers give, behind all others. */
function tapping(names: ReadonlySet<string>, taps: Record<string, tf.Tensor>): readonly ForwardHooks[] {
  if (names.size === 0) return [];
  return [
    {
      watches: ({ name }) => names.has(name),
      output(layer, y) {
        taps[layer.name] = y;
        return y;
      },
    },
  ];
}

function copiesOf(variables: Readonly<Record<string, tf.Variable>>): ParameterTensors {
  return Object.fromEntries(Object.entries(variables).map(([name, variable]) => [name, tf.clone(variable)]));
}

function assignMasked({ variables, masks }: StepSubject, changed: ParameterTensors): void {
  for (const [name, value] of Object.entries(changed)) {
    const variable = variables[name];
    if (!variable) throw new Error(`afterUpdate: there is no parameter ${name}`);
    variable.assign(masks[name] ? tf.mul(value, masks[name]) : tf.clone(value));
  }
}
