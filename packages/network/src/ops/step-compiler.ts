import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { OfBackend } from './of-backend.ts';

export type StepValues = Float32Array | Int32Array;

/** A computation of fixed shapes that was recorded once and is replayed with other inputs. */
export interface CompiledStep {
  /**
   * @param inputs values of the inputs, of the recorded lengths
   * @returns copies of the outputs' values
   */
  run(...inputs: StepValues[]): ArrayLike<number>[];
  dispose(): void;
}

/**
 * Records a step, without running it; the replays give the same numbers as the step itself, to the last bit.
 *
 * @param body computes outputs from inputs and state, assigning state on the way; nothing else may change from call to call
 * @param examples tensors of the inputs' shapes and types
 * @param state every variable that the body reads or assigns; it may be read and assigned between runs, by other compiled steps too
 * @returns undefined when the backend cannot record this body, which then has to be run as it is
 */
export type StepCompiler = (
  body: (inputs: Tensor[]) => Tensor[],
  examples: readonly Tensor[],
  state: readonly Variable[],
) => CompiledStep | undefined;

const compilers = new OfBackend<StepCompiler>();

/** Tells that tfjs's backend of this name can compile steps; undefined: no longer. */
export function registerStepCompiler(backend: string, compiler: StepCompiler | undefined): void {
  compilers.register(backend, compiler);
}

/** How the current backend compiles steps, if it does. */
export function stepCompiler(): StepCompiler | undefined {
  return compilers.current;
}
