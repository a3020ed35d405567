import {
  applyMasks,
  forward,
  INPUT,
  type Layer,
  type ParameterRecord,
  type ParameterTensors,
  type Subject,
} from '@prunebench/core';
import * as tf from '@tensorflow/tfjs-core';

/** One layer on its own, at inference. */
export function applyLayer(layer: Layer, x: tf.Tensor, parameters: ParameterTensors): tf.Tensor {
  const alone = { name: layer.name, inputShape: x.shape.slice(1), layers: [{ ...layer, inputs: [INPUT] }] };
  return forward(alone, parameters, x);
}

/** The parameters as they act, with masked weights at 0. Dispose them, or make them inside a tidy. */
export function aliveTensors({ parameters, masks }: Pick<Subject, 'parameters' | 'masks'>): Record<string, tf.Tensor> {
  return tensorsOf(applyMasks(parameters, masks));
}

export function tensorsOf(parameters: ParameterRecord): Record<string, tf.Tensor> {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, { values, shape }]) => [name, tf.tensor(values, [...shape])]),
  );
}
