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
  readonly masks: Readonly<Record<string, tf.Variable>>;
  /** Puts a mask in the place of a parameter's own, and removes what it hides; a mask that is new lives in `owner`. */
  setMask(name: string, mask: Uint8Array, owner: TensorScope): void;
  /** Copies of the values as they are now. */
  read(): Promise<ParameterRecord>;
}

/**
 * Uploads a state into a scope.
 *
 * @throws PrunebenchError when a parameter of the network is missing or has another shape
 */
export function uploadState(network: Network, state: State, scope: TensorScope): ParameterVariables {
  // A removed weight that training has left as -0 stays that where the training goes on: segments are to give the bits of the whole.
  const masked = state.cut && isMasked(state) ? state.parameters : applyMasks(state.parameters, state.masks);
  const variables: Record<string, tf.Variable> = {};
  const masks: Record<string, tf.Variable> = {};
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
    if (mask) masks[name] = scope.own(maskVariable(mask, shape));
  }
  return {
    variables,
    masks,
    setMask(name, mask, owner) {
      masks[name] ??= owner.own(maskVariable(mask, variables[name].shape));
      tf.tidy(() => {
        masks[name].assign(tf.tensor(Float32Array.from(mask), variables[name].shape, 'float32'));
        // Not a product, which makes -0 of negative weights.
        variables[name].assign(tf.where(tf.cast(masks[name], 'bool'), variables[name], tf.zerosLike(variables[name])));
      });
    },
    read: () => readTensors(variables),
  };
}

function isMasked({ parameters, masks }: State): boolean {
  return Object.entries(masks).every(([name, mask]) =>
    parameters[name]?.values.every((w, i) => mask[i] !== 0 || w === 0),
  );
}

function maskVariable(mask: Uint8Array, shape: readonly number[]): tf.Variable {
  return tf.tidy(() => tf.variable(tf.tensor(Float32Array.from(mask), [...shape], 'float32'), false));
}

/** Sets variables to recorded values. */
export function assignTensors(variables: Readonly<Record<string, tf.Variable>>, values: ParameterRecord): void {
  for (const [name, { shape, values: array }] of Object.entries(values))
    tf.tidy(() => variables[name].assign(tf.tensor(array, [...shape], 'float32')));
}

/** Copies tensors to plain arrays. */
export async function readTensors(tensors: Readonly<Record<string, tf.Tensor>>): Promise<ParameterRecord> {
  const record: Record<string, ParameterArray> = {};
  for (const [name, tensor] of Object.entries(tensors))
    record[name] = { shape: tensor.shape.slice(), values: (await tensor.data<'float32'>()).slice() };
  return record;
}
