import { type Batch, type Network, type ParameterRecord, prunableSpecs, type Subject } from '@prunebench/core';
import { type Extension, forward, lossOf, TensorScope, takeValues, tidy } from '@prunebench/network';
import * as tf from '@tensorflow/tfjs-core';
import type { Statistics } from './batch-statistics.ts';
import { aliveTensors } from './layers.ts';

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
const withoutDropout: Extension = {
  layer: (layer, [x], next) => (layer.kind === 'dropout' ? x : next()),
};

/**
 * The gradient of the mean loss over all examples of the batches, at the weights as they act (masked ones at 0). It is
 * dense: a masked weight has the gradient that it would have if it came back.
 */
export async function meanGradients(
  subject: Pick<Subject, 'network' | 'parameters' | 'masks'>,
  batches: Iterable<Batch>,
  loss: LossOptions = {},
): Promise<KernelGradients> {
  const { network } = subject;
  const kernels = prunableSpecs(network).map(({ name }) => name);
  const sums = Object.fromEntries(kernels.map((name) => [name, new Float64Array(sizeIn(subject.parameters, name))]));
  using scope = new TensorScope();
  const parameters = scope.own(aliveTensors(subject));
  let examples = 0;
  for (const batch of batches) {
    const gradients = tidy(() =>
      tf.grads((...weights: tf.Tensor[]) =>
        batchLoss(network, { ...parameters, ...byName(kernels, weights) }, batch, loss),
      )(kernels.map((name) => parameters[name])),
    );
    for (const [k, values] of (await takeValues(gradients)).entries()) addScaled(sums[kernels[k]], values, batch.size);
    examples += batch.size;
  }
  for (const sum of Object.values(sums)) for (let i = 0; i < sum.length; i++) sum[i] /= examples;
  return sums;
}

function batchLoss(
  network: Network,
  parameters: Record<string, tf.Tensor>,
  { x, y, size }: Batch,
  { temperature = 1, statistics = 'batch' }: LossOptions,
): tf.Scalar {
  const extensions = network.layers.some(({ kind }) => kind === 'dropout') ? [withoutDropout] : [];
  const outputs = forward(network, parameters, tf.tensor(x, [size, ...network.inputShape]), {
    training: statistics === 'batch',
    extensions,
  });
  return lossOf(network)(tf.div(outputs, temperature) as tf.Tensor2D, tf.tensor1d(y, 'int32'));
}

export function byName(names: readonly string[], tensors: readonly tf.Tensor[]): Record<string, tf.Tensor> {
  return Object.fromEntries(names.map((name, k) => [name, tensors[k]]));
}

function addScaled(sum: Float64Array, values: ArrayLike<number>, factor: number): void {
  for (let i = 0; i < sum.length; i++) sum[i] += factor * values[i];
}

const sizeIn = (parameters: ParameterRecord, name: string) => parameters[name].values.length;
