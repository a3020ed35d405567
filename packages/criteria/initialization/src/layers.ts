import { applyMasks, INPUT, type Layer, type Subject } from '@prunebench/core';
import { forward, type ParameterTensors, parameterTensors } from '@prunebench/network';
import type * as tf from '@tensorflow/tfjs-core';

/** One layer on its own, at inference. */
export function applyLayer(layer: Layer, x: tf.Tensor, parameters: ParameterTensors): tf.Tensor {
  const alone = { name: layer.name, inputShape: x.shape.slice(1), layers: [{ ...layer, inputs: [INPUT] }] };
  return forward(alone, parameters, x);
}

/** The parameters as they act, with masked weights at 0: for the caller to free. */
export function aliveTensors({ parameters, masks }: Pick<Subject, 'parameters' | 'masks'>): Record<string, tf.Tensor> {
  return parameterTensors(applyMasks(parameters, masks));
}
