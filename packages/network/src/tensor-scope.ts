import type { ParameterRecord } from '@prunebench/core';
import * as tf from '@tensorflow/tfjs-core';

/**
 * Tensors that are freed together, however the code that uses them ends: `using scope = new TensorScope()`. A `tf.tidy` does that for
 * code without `await`, and never for variables and kept tensors.
 */
export class TensorScope implements Disposable {
  #owned: DisposableStack;

  constructor(owned = new DisposableStack()) {
    this.#owned = owned;
  }

  /** Runs `make` in a tidy. What it returns lives until the scope ends; where it throws, nothing that it made is left. */
  make<T extends tf.TensorContainer>(make: () => T): T {
    return this.own(tidy(make));
  }

  /** Takes over what lives already, variables and kept tensors too. */
  own<T extends tf.TensorContainer>(tensors: T): T {
    return this.#owned.adopt(tensors, tf.dispose);
  }

  /** Takes over what frees its tensors itself. */
  adopt<T extends { dispose(): void }>(owner: T): T {
    return this.#owned.adopt(owner, (adopted) => adopted.dispose());
  }

  /** Hands everything on to a scope that outlives this one: the last line of what makes something whole or not at all. */
  move(): TensorScope {
    return new TensorScope(this.#owned.move());
  }

  dispose(): void {
    this.#owned.dispose();
    this.#owned = new DisposableStack();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/**
 * As `tf.tidy`; where `make` throws, what tfjs has saved for gradients is freed too. tfjs frees that on the way back through the
 * network only, which there is none of when the way there has thrown.
 */
export function tidy<T extends tf.TensorContainer>(make: () => T): T {
  try {
    return tf.tidy(make);
  } catch (error) {
    const { state } = tf.engine();
    if (state.gradientDepth === 0) {
      for (const { saved } of state.activeTape ?? []) tf.dispose(saved);
      state.activeTape = [];
    }
    throw error;
  }
}

/** Parameters on the backend, by name, as float32: for the caller to free. */
export function parameterTensors(parameters: ParameterRecord): Record<string, tf.Tensor> {
  return tf.tidy(() =>
    Object.fromEntries(
      Object.entries(parameters).map(([name, { values, shape }]) => [name, tf.tensor(values, [...shape], 'float32')]),
    ),
  );
}

/** The values of tensors, which are freed, also where they cannot be read. A GPU gives them asynchronously only. */
export async function takeValues(tensors: readonly tf.Tensor[]): Promise<Float32Array[]> {
  try {
    return await Promise.all(tensors.map((tensor) => tensor.data<'float32'>()));
  } finally {
    tf.dispose([...tensors]);
  }
}
