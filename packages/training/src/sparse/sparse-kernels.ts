import { type Masks, type Network, parameterSpecs } from '@prunebench/core';
import type { TensorScope } from '@prunebench/network';
import * as tf from '@tensorflow/tfjs-core';
import type { ParameterVariables } from '../iteration/parameter-variables.ts';
import { patternOf } from './pattern.ts';

/** A kernel of which only the kept weights are trained. */
export interface SparseKernel {
  /** [kept weights], in the order of the pattern. */
  readonly values: tf.Variable;
  readonly pattern: SparsePattern;
}

/** A `Pattern` on the backend. */
export interface SparsePattern {
  readonly starts: tf.Tensor;
  readonly columns: tf.Tensor;
  readonly transposedStarts: tf.Tensor;
  readonly transposedColumns: tf.Tensor;
  readonly places: tf.Tensor;
}

/** The sparse kernels of a network in training, beside the dense variables that everything else reads. */
export class SparseKernels {
  readonly byName: ReadonlyMap<string, SparseKernel>;
  readonly #positions = new Map<string, Int32Array>();
  readonly #dense: ParameterVariables['variables'];

  /**
   * @param names of the kernels, which have masks
   * @param scope for their tensors
   */
  constructor(
    network: Network,
    masks: Masks,
    dense: ParameterVariables['variables'],
    names: readonly string[],
    scope: TensorScope,
  ) {
    this.#dense = dense;
    const specs = new Map(parameterSpecs(network).map((spec) => [spec.name, spec]));
    const made = new Map<string, SparseKernel>();
    for (const name of names) {
      const { positions, starts, columns, transposed } = patternOf(specs.get(name)!.shape, masks[name]);
      this.#positions.set(name, positions);
      const indices = (array: Int32Array) => scope.own(tf.tensor1d(array, 'int32'));
      made.set(name, {
        values: scope.own(tf.tidy(() => tf.variable(tf.tensor1d(this.kept(name, dense[name].dataSync()))))),
        pattern: {
          starts: indices(starts),
          columns: indices(columns),
          transposedStarts: indices(transposed.starts),
          transposedColumns: indices(transposed.columns),
          places: indices(transposed.places),
        },
      });
    }
    this.byName = made;
  }

  /** Writes the kept weights into the dense variables. */
  scatter(): void {
    for (const [name, { values }] of this.byName) {
      const dense = this.#dense[name];
      const all = this.spread(name, values.dataSync());
      tf.tidy(() => dense.assign(tf.tensor(all, dense.shape)));
    }
  }

  /** Takes the kept weights from the dense variables. */
  gather(): void {
    for (const [name, { values }] of this.byName)
      tf.tidy(() => values.assign(tf.tensor1d(this.kept(name, this.#dense[name].dataSync()))));
  }

  /** Values of a kernel's kept weights in their places, 0 elsewhere. */
  spread(name: string, kept: ArrayLike<number>): Float32Array {
    const all = new Float32Array(this.#dense[name].size);
    const positions = this.#positions.get(name)!;
    for (let i = 0; i < kept.length; i++) all[positions[i]] = kept[i];
    return all;
  }

  /** Of the values of a whole kernel, those of its kept weights. */
  kept(name: string, all: ArrayLike<number>): Float32Array {
    const positions = this.#positions.get(name)!;
    const kept = new Float32Array(positions.length);
    for (let i = 0; i < kept.length; i++) kept[i] = all[positions[i]];
    return kept;
  }
}
