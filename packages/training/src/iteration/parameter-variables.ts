import {
  applyMasks,
  type Network,
  type ParameterArray,
  type ParameterRecord,
  PrunebenchError,
  parameterSpecs,
  type State,
} from '@prunebench/core';
import type { TensorScope } from '@prunebench/network';
import * as tf from '@tensorflow/tfjs-core';

/** A network's parameters on the backend, for as long as they are trained or evaluated. */
export interface ParameterVariables {
  /** All parameters by name, running statistics included; pruned values are 0. */
  readonly variables: Readonly<Record<string, tf.Variable>>;
  /** 0/1 float32 tensors of the masked parameters. */
  readonly masks: Readonly<Record<string, tf.Tensor>>;
  /** Copies of the values as they are now. */
  read(): Promise<ParameterRecord>;
}

/**
 * Uploads a state into a scope.
 *
 * @throws PrunebenchError when a parameter of the network is missing or has another shape
 */
export function uploadState(network: Network, state: State, scope: TensorScope): ParameterVariables {
  const masked = applyMasks(state.parameters, state.masks);
  const variables: Record<string, tf.Variable> = {};
  const masks: Record<string, tf.Tensor> = {};
  for (const { name, shape, trainable } of parameterSpecs(network)) {
    const parameter = masked[name];
    if (String(parameter?.shape) !== String(shape))
      throw new PrunebenchError(
        `Network ${network.name} needs ${name} [${shape}], the state has ${parameter ? `[${parameter.shape}]` : 'none'}.`,
        { remedy: 'Use a state of this network.' },
      );
    variables[name] = scope.own(
      tf.tidy(() => tf.variable(tf.tensor(parameter.values, [...shape], 'float32'), trainable)),
    );
    const mask = state.masks[name];
    if (mask) masks[name] = scope.own(tf.tensor(Float32Array.from(mask), [...shape], 'float32'));
  }
  return { variables, masks, read: () => readTensors(variables) };
}

/** Copies tensors to plain arrays. */
export async function readTensors(tensors: Readonly<Record<string, tf.Tensor>>): Promise<ParameterRecord> {
  const record: Record<string, ParameterArray> = {};
  for (const [name, tensor] of Object.entries(tensors))
    record[name] = { shape: tensor.shape.slice(), values: ((await tensor.data()) as Float32Array).slice() };
  return record;
}
