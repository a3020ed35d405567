// A step of fixed shapes, recorded once and replayed in one native call.
import { engine, getBackend, keep, type Tensor, type TensorInfo, tidy, type Variable } from '@tensorflow/tfjs-core';
import { backendName, type NativeBackend, numericType } from '../backend.ts';
import type { Block } from '../memory.ts';
import { registeredBackend } from '../register.ts';
import type { Value } from './graph.ts';
import { bringHome, type Home, leaveHome, type NumericArray, settle, viewOf } from './home.ts';
import { optimize } from './optimize.ts';
import { type Plan, plan } from './plan.ts';
import { StepRecorder } from './record.ts';

export interface CaptureOptions {
  /** Variables that the step assigns. A replay reads their values of the moment and leaves the new ones in them. */
  state?: readonly Variable[];
}

/**
 * Records a step for replay. The step is not run: state keeps its values.
 *
 * Everything the step computes must follow from its inputs, its state and tensors made before; what changes between steps
 * (a batch, a learning rate) must be an input. Tensors made before are read where they lie, so they must not be expected to
 * follow later assignments.
 *
 * @param body computes outputs from inputs, assigning `state` variables on the way
 * @param examples tensors of the inputs' shapes and types; their values do not matter
 * @throws CannotCapture naming the op when the step uses one without a native kernel, or reads values
 */
export function captureStep(
  body: (inputs: Tensor[]) => Tensor[],
  examples: readonly Tensor[],
  options: CaptureOptions = {},
): CapturedStep {
  if (getBackend() !== backendName) {
    throw new Error(`captureStep needs the backend '${backendName}'; '${getBackend()}' is selected.`);
  }
  return new CapturedStep(registeredBackend(), body, examples, options.state ?? []);
}

interface Result {
  shape: number[];
  dtype: string;
  value: Value;
}

export class CapturedStep {
  readonly #backend: NativeBackend;
  readonly #inputs: Tensor[];
  readonly #inputViews: NumericArray[];
  readonly #homes: Home[];
  #constants: Tensor[] = [];
  #outputViews: NumericArray[] = [];
  #plan: Plan | undefined;

  constructor(
    backend: NativeBackend,
    body: (inputs: Tensor[]) => Tensor[],
    examples: readonly Tensor[],
    state: readonly Variable[],
  ) {
    this.#backend = backend;
    this.#inputs = examples.map(({ shape, dtype }) => this.#ownTensor(backend.output(shape, numericType(dtype))));
    this.#inputViews = this.#inputs.map((tensor) => viewOf(this.#blockOf(tensor), tensor));
    this.#homes = state.map((variable) => settle(backend, variable));
    try {
      this.#capture(body);
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  /**
   * Replays the step.
   * @param inputs values of the inputs, in order, of their exact lengths
   * @returns copies of the outputs' values
   */
  run(...inputs: NumericArray[]): NumericArray[] {
    if (!this.#plan) throw new Error('This captured step has been disposed.');
    if (inputs.length !== this.#inputViews.length) {
      throw new Error(`The captured step takes ${this.#inputViews.length} inputs, got ${inputs.length}.`);
    }
    for (const [i, view] of this.#inputViews.entries()) {
      if (inputs[i]!.length !== view.length) {
        throw new Error(`Input ${i} of the captured step has ${view.length} values, got ${inputs[i]!.length}.`);
      }
      view.set(inputs[i]!);
    }
    for (const home of this.#homes) bringHome(this.#backend, home);
    this.#backend.addon.replay(this.#plan.words, this.#plan.calls);
    return this.#outputViews.map((view) => view.slice());
  }

  /** Gives the step's memory back; the state variables keep their values. */
  dispose(): void {
    for (const tensor of [...this.#inputs, ...this.#constants]) tensor.dispose();
    for (const home of this.#homes) leaveHome(home);
    for (const block of this.#plan?.blocks ?? []) this.#backend.pool.give(block);
    this.#plan = undefined;
    this.#constants = [];
    this.#inputs.length = 0;
    this.#homes.length = 0;
  }

  #capture(body: (inputs: Tensor[]) => Tensor[]): void {
    const backend = this.#backend;
    const recorder = new StepRecorder(backend);
    this.#constants = recorder.constants;
    const homes = this.#homes.map(({ handle }) => recorder.valueOf(handle, true));
    for (const input of this.#inputs) recorder.valueOf(input, true);
    const { results, finals } = this.#record(recorder, body);
    this.#check(results, finals, homes);
    const updates = homes.flatMap((home, i) => (finals[i] === home ? [] : [{ home, final: finals[i]! }]));
    const outputs = results.map(({ value }) => value);
    const needed = [...outputs, ...updates.map(({ final }) => final)];
    const made = plan(backend, optimize(recorder.commands, needed), updates, outputs);
    this.#plan = made;
    this.#outputViews = results.map((result) => viewOf(made.blockOf(result.value), result));
  }

  #check(results: readonly Result[], finals: readonly Value[], homes: readonly Value[]): void {
    for (const [i, { value }] of results.entries()) {
      if (value.external && !homes.includes(value))
        throw new Error(`captureStep: output ${i} is not computed by the step.`);
    }
    for (const [i, final] of finals.entries()) {
      if (!final.external || final === homes[i]) continue;
      const { name } = this.#homes[i]!.variable;
      throw new Error(`captureStep: variable ${name} is assigned a tensor that the step did not compute.`);
    }
  }

  /** Runs the body under the recorder and puts the variables back as they were. */
  #record(recorder: StepRecorder, body: (inputs: Tensor[]) => Tensor[]): { results: Result[]; finals: Value[] } {
    const results: Result[] = [];
    const finals: Value[] = [];
    this.#backend.recorder = recorder;
    try {
      tidy(() => {
        for (const tensor of body([...this.#inputs])) {
          results.push({ shape: tensor.shape, dtype: tensor.dtype, value: recorder.valueOf(tensor, true) });
        }
        for (const { variable } of this.#homes) finals.push(recorder.valueOf(variable, true));
      });
    } finally {
      this.#backend.recorder = undefined;
      for (const { variable, handle } of this.#homes) if (variable.dataId !== handle.dataId) variable.assign(handle);
    }
    return { results, finals };
  }

  #ownTensor(info: TensorInfo): Tensor {
    return keep(engine().makeTensorFromTensorInfo(info, this.#backend));
  }

  #blockOf(tensor: TensorInfo): Block {
    return this.#backend.dataOf(tensor.dataId).block!;
  }
}
