import { PrunebenchError } from '@prunebench/core';
import type { IPipelineRunShortcut, PipelineResult } from 'gpu.js';

declare const onDevice: unique symbol;

/** Stands for a value on the device while a program is written down; it has no elements that could be read. */
export interface GpuTensor {
  readonly [onDevice]: never;
}

/** Indices are floats, which count exactly up to here. */
const MAX_ELEMENTS = 2 ** 24;

/** Elements of tensors, by tensor. The first use of an input says how long it has to be. */
export class TensorSizes {
  readonly #sizes = new WeakMap<GpuTensor, number>();

  /** @throws PrunebenchError when the tensor is known to have another number of elements, or has too many */
  require(tensor: GpuTensor, size: number, role: string): GpuTensor {
    if (size > MAX_ELEMENTS)
      throw new PrunebenchError(`${role} has ${size} elements; kernels in GPU.js can address ${MAX_ELEMENTS}.`, {
        remedy: 'Use a smaller batch.',
      });
    const known = this.#sizes.get(tensor);
    if (known !== undefined && known !== size)
      throw new PrunebenchError(`A tensor of ${known} elements cannot be ${role}, which has ${size}.`);
    this.#sizes.set(tensor, size);
    return tensor;
  }

  /** Elements of an input that something reads, or of a result. */
  of(tensor: GpuTensor): number | undefined {
    return this.#sizes.get(tensor);
  }
}

/** A program's inputs and results by position and name; filled when GPU.js records it. */
export interface Recording<Name extends string> {
  inputs: readonly GpuTensor[];
  outputs: Readonly<Record<Name, GpuTensor>> | undefined;
}

/** Operations that run one after the other on the device: the inputs go there, the outputs come back, nothing else moves. */
export class GpuProgram<Name extends string> {
  readonly #pipeline: IPipelineRunShortcut;
  readonly #mode: string;
  readonly #sizes: TensorSizes;
  readonly #recording: Recording<Name>;
  readonly #inputs: number;

  constructor(
    pipeline: IPipelineRunShortcut,
    mode: string,
    sizes: TensorSizes,
    recording: Recording<Name>,
    inputs: number,
  ) {
    this.#pipeline = pipeline;
    this.#mode = mode;
    this.#sizes = sizes;
    this.#recording = recording;
    this.#inputs = inputs;
  }

  /**
   * How GPU.js runs it, known after the first run: `fused-encoder` (one submission to the GPU), `fused-threaded` or `fused-sync`
   * (one WebAssembly memory), or `generic` (kernel by kernel, with textures in between where the mode has textures).
   */
  get executor(): string {
    return this.#pipeline.executorKind;
  }

  /**
   * Uploads the inputs, runs every operation and reads the outputs.
   *
   * @throws PrunebenchError when an input is missing, too many or of the wrong length
   * @throws Error when GPU.js went on in another mode than the one asked for
   */
  async run(...inputs: readonly Float32Array[]): Promise<Record<Name, Float32Array>> {
    if (inputs.length !== this.#inputs)
      throw new PrunebenchError(`The program takes ${this.#inputs} inputs, not ${inputs.length}.`);
    const results = await this.#pipeline(...inputs.map(atLeastOne));
    // GPU.js goes on in plain JavaScript where a mode cannot take a kernel, and warns on the console only.
    if (this.#pipeline.backend !== this.#mode)
      throw new Error(`GPU.js ran in ${this.#pipeline.backend}, not ${this.#mode}: ${this.#pipeline.fallbackReason}`);
    // Lengths are known once the program has been recorded, which its first run does.
    this.#recording.inputs.forEach((tensor, position) => {
      const size = this.#sizes.of(tensor) ?? inputs[position].length;
      if (inputs[position].length !== size)
        throw new PrunebenchError(`Input ${position} has ${inputs[position].length} elements, not ${size}.`);
    });
    const { outputs } = this.#recording;
    if (!outputs || !haveNumbers(results, outputs)) throw new Error('GPU.js gave no numbers for some of the results.');
    const cut = { ...results };
    for (const name in outputs) cut[name] = results[name].subarray(0, this.#sizes.of(outputs[name]));
    return cut;
  }
}

/** Whether what GPU.js gave has floats for every result of the program. */
function haveNumbers<Name extends string>(
  results: PipelineResult,
  outputs: Readonly<Record<Name, GpuTensor>>,
): results is Record<Name, Float32Array> {
  const given = new Map<string, unknown>(Object.entries(Object(results)));
  return Object.keys(outputs).every((name) => given.get(name) instanceof Float32Array);
}

/** GPU.js cannot take an empty array. */
export function atLeastOne(values: Float32Array): Float32Array {
  return values.length > 0 ? values : new Float32Array(1);
}
