import { type Batch, INPUT, type Network } from '@prunebench/core';
import { type ForwardHooks, forward, type ParameterTensors, TensorScope, takeValues, tidy } from '@prunebench/network';
import * as tf from '@tensorflow/tfjs-core';
import { batchTensor } from './tensors.ts';
import type { WeightLayer } from './weight-layers.ts';

/** The output of every layer at inference, and the input as `INPUT`, by layer name. */
export function layerOutputs(
  network: Network,
  parameters: ParameterTensors,
  x: tf.Tensor,
): ReadonlyMap<string, tf.Tensor> {
  const outputs = new Map([[INPUT, x]]);
  const tap = {
    output(layer: { readonly name: string }, y: tf.Tensor) {
      outputs.set(layer.name, y);
      return y;
    },
  };
  forward(network, parameters, x, { hooks: [tap] });
  return outputs;
}

export interface ForwardSignals {
  /** The network's output, [size, units]. */
  readonly outputs: Float32Array;
  /** What every weight layer reads, [size, ...inputShape], by layer name. */
  readonly inputs: ReadonlyMap<string, Float32Array>;
}

/** One forward pass in evaluation mode that also keeps the inputs of `layers`. */
export async function forwardSignals(
  network: Network,
  parameters: ParameterTensors,
  batch: Batch,
  layers: readonly WeightLayer[],
): Promise<ForwardSignals> {
  using scope = new TensorScope();
  const names = new Set(layers.map(({ layer }) => layer.name));
  const kept = new Map<string, tf.Tensor>();
  const capture: ForwardHooks = {
    layer(layer, inputs, next) {
      if (names.has(layer.name)) kept.set(layer.name, scope.own(tf.keep(tf.clone(inputs[0]))));
      return next();
    },
  };
  const outputs = scope.make(() => forward(network, parameters, batchTensor(network, batch), { hooks: [capture] }));
  const inputs = new Map<string, Float32Array>();
  for (const [name, tensor] of kept) inputs.set(name, Float32Array.from(await tensor.data()));
  return { outputs: Float32Array.from(await outputs.data()), inputs };
}

/**
 * δ = ∂(Σ_k seed_k · output_k)/∂a for the output a of every weight layer (bias included, activation not): [size, ...outputShape],
 * by layer name. Examples do not mix, so δ of example k belongs to seed_k alone.
 *
 * @param seed [size, output units]
 */
export async function backwardSignals(
  network: Network,
  parameters: ParameterTensors,
  batch: Batch,
  layers: readonly WeightLayer[],
  seed: Float32Array,
): Promise<ReadonlyMap<string, Float32Array>> {
  const deltas = tidy(() => {
    const x = batchTensor(network, batch);
    const order = new Map(layers.map(({ layer }, i) => [layer.name, i]));
    // A zero added to a layer's output: the gradient with respect to it is the layer's δ.
    const taps = layers.map(({ outputShape }) => tf.zeros([batch.size, ...outputShape]));
    const output = (...added: tf.Tensor[]) =>
      forward(network, parameters, x, {
        hooks: [{ output: (layer, y) => (order.has(layer.name) ? tf.add(y, added[order.get(layer.name)!]) : y) }],
      });
    return tf.grads(output)(taps, tf.tensor(seed, [batch.size, seed.length / batch.size]));
  });
  const values = await takeValues(deltas);
  return new Map(layers.map(({ layer }, i) => [layer.name, Float32Array.from(values[i])]));
}
