import {
  type Batch,
  type Masks,
  type Network,
  type ParameterRecord,
  parameterSpecs,
  prunableSpecs,
  type Subject,
} from '@prunebench/core';
import {
  type ForwardHooks,
  forward,
  lossOf,
  ofRank,
  type ParameterTensors,
  refuseUntrainable,
  TensorScope,
  takeValues,
  tidy,
} from '@prunebench/network';
import * as tf from '@tensorflow/tfjs-core';
import type { Statistics } from './batch-statistics.ts';
import { aliveTensors, batchTensor } from './tensors.ts';

/** Gradients by kernel name, in flat order. */
export type KernelGradients = Readonly<Record<string, Float64Array>>;

/** How the loss is taken. */
export interface LossOptions {
  /** Divides the logits; default 1. */
  readonly temperature?: number;
  /** Of batch norm; by default the batch's. */
  readonly statistics?: Statistics;
}

/** Scores are of the whole network: nothing is dropped. */
const withoutDropout: ForwardHooks = {
  layer: (layer, [x], next) => (layer.kind === 'dropout' ? x : next()),
};

/**
 * The gradient of the mean loss over all examples of the batches, at the weights as they act (masked ones at 0). It is
 * dense: a masked weight has the gradient that it would have if it came back.
 */
export async function meanGradients(
  subject: Pick<Subject, 'network' | 'parameters' | 'masks'>,
  batches: Iterable<Batch>,
  { temperature = 1, statistics = 'batch' }: LossOptions = {},
): Promise<KernelGradients> {
  const { network } = subject;
  const specs = prunableSpecs(network);
  const kernels = specs.map(({ name }) => name);
  const sums = kernels.map((name) => new Float64Array(subject.parameters[name].values.length));
  using scope = new TensorScope();
  const parameters = aliveTensors(subject, scope);
  const dropless = network.layers.some(({ kind }) => kind === 'dropout');
  const how = { temperature, training: statistics === 'batch', hooks: dropless ? [withoutDropout] : [] };
  let examples = 0;
  for (const batch of batches) {
    const { value, grads } = gradientTensors(network, parameters, kernels, batch, how);
    const [, ...slopes] = await takeValues([value, ...grads]);
    for (const [k, slope] of slopes.entries())
      for (let i = 0; i < slope.length; i++) sums[k][i] += batch.size * slope[i];
    examples += batch.size;
  }
  for (const sum of sums) for (let i = 0; i < sum.length; i++) sum[i] /= examples;
  return Object.fromEntries(kernels.map((name, k) => [name, sums[k]]));
}

/**
 * The mean loss of a batch and its gradients, for criteria (SNIP, Fisher, Taylor...).
 *
 * @param options.masks set these parameters to 0 first; their gradients tell what moving them away from 0 would do, and are
 *   not 0 themselves
 * @param options.training batch norm with the batch's own statistics (default false: running statistics)
 * @throws PrunebenchError when the backend cannot train a layer of the network
 * @returns gradients of every trainable parameter by name, in the parameter's flat order
 */
export async function lossGradients(
  network: Network,
  parameters: ParameterRecord,
  batch: Batch,
  options: { masks?: Masks; training?: boolean; hooks?: readonly ForwardHooks[] } = {},
): Promise<{ loss: number; gradients: Record<string, Float32Array> }> {
  refuseUntrainable(network);
  const { masks = {}, training = false, hooks = [] } = options;
  using scope = new TensorScope();
  const tensors = aliveTensors({ parameters, masks }, scope);
  const names = parameterSpecs(network)
    .filter(({ trainable }) => trainable)
    .map(({ name }) => name);
  const { value, grads } = gradientTensors(network, tensors, names, batch, { temperature: 1, training, hooks });
  // The loss does not depend on a parameter whose layer an extension replaced.
  const reached = names.filter((_, i) => grads[i]);
  const [loss, ...slopes] = await takeValues([value, ...grads.filter(Boolean)]);
  const gradients = Object.fromEntries(
    names.map((name) => [name, slopes[reached.indexOf(name)]?.slice() ?? new Float32Array(tensors[name].size)]),
  );
  return { loss: loss[0], gradients };
}

/** The mean loss of a batch and its gradients in the parameters `names`, for the caller to free. */
function gradientTensors(
  network: Network,
  parameters: ParameterTensors,
  names: readonly string[],
  batch: Batch,
  how: { readonly temperature: number; readonly training: boolean; readonly hooks: readonly ForwardHooks[] },
): { value: tf.Scalar; grads: tf.Tensor[] } {
  const { temperature, training, hooks } = how;
  return tidy(() => {
    const x = batchTensor(network, batch);
    const labels = tf.tensor1d(batch.y, 'int32');
    const loss = () => {
      const outputs = forward(network, parameters, x, { training, hooks });
      return lossOf(network).mean(ofRank(temperature === 1 ? outputs : tf.div(outputs, temperature), 2), labels);
    };
    const at = names.map((name) => parameters[name]);
    return tf.engine().gradients(loss, at, undefined, true);
  });
}
