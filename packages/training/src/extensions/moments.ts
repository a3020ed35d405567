import { ofRank, type StepValues } from '@prunebench/network';
import * as tf from '@tensorflow/tfjs-core';
import type { NamedExtension } from './made-extensions.ts';

/** A moment of a training, as tensors: what changes from update to update for hooks and noise. */
export interface MomentTensors {
  /** int32 [2]: updates done, and 0 in training or 1 + the batch's number in an evaluation */
  readonly counter: tf.Tensor1D;
  readonly learningRate: tf.Scalar;
  /** Of each extension, by name. */
  readonly scalars: ReadonlyMap<string, Readonly<Record<string, tf.Scalar>>>;
}

/** Moments as the inputs of a recorded step: the counter, the learning rate, then the extensions' numbers. */
export class Moments {
  readonly #extensions: readonly NamedExtension[];
  readonly #wanted: boolean;
  /** Names of each extension's numbers, in order. */
  readonly #names: ReadonlyMap<string, readonly string[]>;

  /** @param wanted whether anything depends on the moment */
  constructor(extensions: readonly NamedExtension[], wanted: boolean) {
    this.#extensions = extensions;
    this.#wanted = wanted;
    this.#names = new Map(
      extensions.map(({ id, extension }) => [id, Object.keys(extension.scalars?.(0) ?? {}).sort()] as const),
    );
  }

  /** The values of the inputs; none where nothing depends on the moment. */
  at(update: number, learningRate: number, batch = 0): StepValues[] {
    if (!this.#wanted) return [];
    const scalars = this.#extensions.flatMap(({ id, extension }) => {
      const numbers = extension.scalars?.(update) ?? {};
      return this.#names.get(id)!.map((name) => {
        if (numbers[name] === undefined)
          throw new Error(`scalars: extension ${id} gives no ${name} at update ${update}`);
        return Float32Array.of(numbers[name]);
      });
    });
    return [Int32Array.of(update, batch), Float32Array.of(learningRate), ...scalars];
  }

  /** Tensors of the inputs' values. Call inside a tidy. */
  tensors(values: readonly StepValues[]): tf.Tensor[] {
    return values.map((value, i) => (i === 0 ? tf.tensor1d(value, 'int32') : tf.scalar(value[0])));
  }

  /** The inputs by what they are; undefined where there are none. */
  named(inputs: readonly tf.Tensor[]): MomentTensors | undefined {
    const [counter, learningRate, ...numbers] = inputs;
    if (!counter) return undefined;
    let next = 0;
    const scalars = new Map(
      [...this.#names].map(([id, names]) => [
        id,
        Object.fromEntries(names.map((name) => [name, ofRank(numbers[next++], 0)])),
      ]),
    );
    return { counter: ofRank(counter, 1), learningRate: ofRank(learningRate, 0), scalars };
  }
}
