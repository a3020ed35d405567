import type { Network } from '@prunebench/core';
import { hasKernel, TensorScope } from '@prunebench/network';
import type * as tf from '@tensorflow/tfjs-core';
import { SPARSE_DENSITY } from './choose.ts';
import { type SparseKernel, SparseKernels } from './sparse-kernels.ts';

/** Inputs of a dense layer whose product the native backend sums in one go, from the first to the last (`kSlice` in cc/gemm/multiply.h). */
const INPUTS_IN_ONE_SUM = 800;
/** Examples of a batch from which that holds. */
const EXAMPLES_IN_ONE_SUM = 16;

/**
 * Dense layers with few weights that are not 0, which evaluation multiplies by those alone. Zeros change no sum that is taken in the
 * same order, so outputs have the bits of the dense product where all activations are finite; nothing needs to know which way was taken.
 */
export class SparseEvaluation implements Disposable {
  readonly #network: Network;
  readonly #parameters: Readonly<Record<string, tf.Variable>>;
  readonly #candidates: readonly string[];
  readonly #scope = new TensorScope();
  #sparse: SparseKernels | undefined;

  /** @param batchSize of the batches that will be evaluated */
  constructor(network: Network, parameters: Readonly<Record<string, tf.Variable>>, batchSize: number) {
    this.#network = network;
    this.#parameters = parameters;
    this.#candidates =
      batchSize >= EXAMPLES_IN_ONE_SUM && hasKernel('SparseMatMul')
        ? network.layers
            .filter(({ kind }) => kind === 'dense')
            .map(({ name }) => `${name}/kernel`)
            .filter((name) => parameters[name].shape[0] <= INPUTS_IN_ONE_SUM)
        : [];
  }

  /** By name; empty where no layer has few weights. */
  get kernels(): ReadonlyMap<string, SparseKernel> {
    return this.#sparse?.byName ?? new Map();
  }

  /**
   * Takes the weights as they are now.
   *
   * @returns whether `kernels` are others than before
   */
  refresh(): boolean {
    const few: string[] = [];
    let same = true;
    for (const name of this.#candidates) {
      const values = this.#parameters[name].dataSync<'float32'>();
      const count = countNonzero(values);
      const isSparse = count > 0 && count <= SPARSE_DENSITY.dense * values.length;
      const fits = this.#sparse?.byName.has(name) === true && countNonzero(this.#sparse.kept(name, values)) === count;
      if (isSparse) few.push(name);
      same &&= fits === isSparse;
    }
    if (same) this.#sparse?.gather();
    else this.#build(few);
    return !same;
  }

  dispose(): void {
    this.#scope.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #build(names: readonly string[]): void {
    this.#scope.dispose();
    const maskOf = (name: string) => Uint8Array.from(this.#parameters[name].dataSync(), (w) => (w === 0 ? 0 : 1));
    const masks = Object.fromEntries(names.map((name) => [name, maskOf(name)]));
    this.#sparse = new SparseKernels(this.#network, masks, this.#parameters, names, this.#scope);
  }
}

function countNonzero(values: Float32Array): number {
  let count = 0;
  for (let i = 0; i < values.length; i++) if (values[i] !== 0) count++;
  return count;
}
