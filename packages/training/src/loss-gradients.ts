import { type Batch, type Masks, type Network, type ParameterRecord, parameterSpecs } from '@prunebench/core';
import { type Extension, forward, lossOf, refuseUntrainable, TensorScope, takeValues, tidy } from '@prunebench/network';
import * as tf from '@tensorflow/tfjs-core';
import { uploadState } from './parameter-variables.ts';

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
  options: { masks?: Masks; training?: boolean; extensions?: readonly Extension[] } = {},
): Promise<{ loss: number; gradients: Record<string, Float32Array> }> {
  refuseUntrainable(network);
  const { masks = {}, training = false, extensions = [] } = options;
  using scope = new TensorScope();
  const uploaded = uploadState(network, { parameters, masks }, scope);
  const names = parameterSpecs(network)
    .filter(({ trainable }) => trainable)
    .map(({ name }) => name);
  const { value, grads } = tidy(() => {
    const x = tf.tensor(batch.x, [batch.size, ...network.inputShape], 'float32');
    const labels = tf.tensor1d(batch.y, 'int32');
    const loss = () =>
      lossOf(network)(forward(network, uploaded.variables, x, { training, extensions }) as tf.Tensor2D, labels);
    const variables = names.map((name) => uploaded.variables[name]);
    return tf.engine().gradients(loss, variables, null as unknown as tf.Tensor, true);
  });
  // The loss does not depend on a parameter whose layer an extension replaced.
  const reached = names.filter((_, i) => grads[i]);
  const [loss, ...slopes] = await takeValues([value, ...grads.filter(Boolean)]);
  const gradients = Object.fromEntries(
    names.map((name) => [
      name,
      slopes[reached.indexOf(name)]?.slice() ?? new Float32Array(uploaded.variables[name].size),
    ]),
  );
  return { loss: loss[0], gradients };
}
