import { applyMasks, type Batch, INPUT, type Layer, type Network, type Subject } from '@prunebench/core';
import { forward, type ParameterTensors, parameterTensors, type TensorScope } from '@prunebench/network';
import * as tf from '@tensorflow/tfjs-core';

/** The parameters as they act, with masked weights at 0, on the backend until the scope ends. */
export function aliveTensors(
  { parameters, masks }: Pick<Subject, 'parameters' | 'masks'>,
  scope: TensorScope,
): Record<string, tf.Tensor> {
  return scope.own(parameterTensors(applyMasks(parameters, masks)));
}

/** A batch's examples, [size, ...inputShape]. */
export function batchTensor(network: Network, { x, size }: Batch): tf.Tensor {
  return tf.tensor(x, [size, ...network.inputShape]);
}

/** One layer on its own, at inference. */
export function applyLayer(layer: Layer, x: tf.Tensor, parameters: ParameterTensors): tf.Tensor {
  const alone = { name: layer.name, inputShape: x.shape.slice(1), layers: [{ ...layer, inputs: [INPUT] }] };
  return forward(alone, parameters, x);
}

/** Tensors in the order of their names, as a record. */
export function byName(names: readonly string[], tensors: readonly tf.Tensor[]): Record<string, tf.Tensor> {
  return Object.fromEntries(names.map((name, k) => [name, tensors[k]]));
}
