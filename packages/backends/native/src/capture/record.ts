// Records the kernel calls of a step without running them: shapes are static, so nothing in the step may depend on values.
import { engine, keep, type Tensor, type TensorInfo } from '@tensorflow/tfjs-core';
import { bytesPerElement, type NativeBackend, type NativeData, type Recorder } from '../backend.ts';
import type { Numbers, Operands } from '../descriptors.ts';
import type { Command, Value } from './graph.ts';

/** The step computes something that a replay could not repeat; run it as it is instead. */
export class CannotCapture extends Error {
  override readonly name = 'CannotCapture';
}

export class StepRecorder implements Recorder {
  readonly commands: Command[] = [];
  /** Tensors from outside that the step reads, kept alive with it. */
  readonly constants: Tensor[] = [];
  readonly #backend: NativeBackend;
  readonly #values = new Map<NativeData, Value>();

  constructor(backend: NativeBackend) {
    this.#backend = backend;
  }

  made(data: NativeData, bytes: number): void {
    this.#values.set(data, { bytes, external: undefined });
  }

  /** The value of a tensor; one from outside is kept alive from here on, unless the step's owner keeps it anyway. */
  valueOf(tensor: TensorInfo, kept = false): Value {
    const data = this.#backend.dataOf(tensor.dataId);
    const known = this.#values.get(data);
    if (known) return known;
    if (!kept) {
      this.#backend.incRef(tensor.dataId);
      this.constants.push(keep(engine().makeTensorFromTensorInfo(tensor, this.#backend)));
    }
    const size = tensor.shape.reduce((product, length) => product * length, 1);
    const value: Value = { bytes: size * bytesPerElement(tensor.dtype), external: data };
    this.#values.set(data, value);
    return value;
  }

  invoke(kernel: string, operands: Operands<TensorInfo>, numbers: Numbers): void {
    const descriptor = this.#backend.kernels.descriptor(kernel);
    const names = descriptor.operandNames();
    const tensors = descriptor.ordered(operands);
    const values = Object.fromEntries(tensors.map((tensor, i) => [names[i], tensor && this.valueOf(tensor)]));
    const outputs = descriptor.written().flatMap((name) => values[name] ?? []);
    this.commands.push({ kernel, operands: values, outputs, numbers });
  }

  wrote(list: ArrayLike<unknown>): void {
    for (let i = 1; i < list.length; i++) {
      if (list[i] !== list[0] && !(Number.isNaN(list[i]) && Number.isNaN(list[0]))) {
        throw new CannotCapture(
          `captureStep: the step makes a tensor of ${list.length} different values in JavaScript, which a replay would not make anew. Pass it as an input.`,
        );
      }
    }
  }

  read(): void {
    throw new CannotCapture(
      'captureStep: the step reads the values of a tensor; a captured step cannot depend on values.',
    );
  }

  fellBack(kernel: string): void {
    throw new CannotCapture(
      `captureStep: ${kernel} has no native kernel for these inputs, so the step cannot be captured.`,
    );
  }
}
