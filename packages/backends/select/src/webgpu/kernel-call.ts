import type * as tf from '@tensorflow/tfjs-core';
import type { ProgramRunner } from './program.ts';

/** tfjs's WebGPU backend, which kernels get as an object of any kind. */
export function programRunner(backend: unknown): ProgramRunner {
  if (isProgramRunner(backend)) return backend;
  throw new Error('A kernel of the WebGPU backend was given another backend.');
}

function isProgramRunner(backend: unknown): backend is ProgramRunner {
  return typeof backend === 'object' && backend !== null && 'runWebGPUProgram' in backend;
}

/** The inputs that a kernel was given; an optional one may be missing. */
export function givenInputs(inputs: tf.NamedTensorInfoMap): Readonly<Record<string, tf.TensorInfo>> {
  return Object.fromEntries(Object.entries(inputs).flatMap(([name, input]) => (input ? [[name, input]] : [])));
}

/** @throws Error where the attribute is no number */
export function numberOf(attrs: tf.NamedAttrMap | undefined, name: string): number {
  const value = attrs?.[name];
  if (typeof value === 'number') return value;
  throw new Error(`A kernel's attribute ${name} is no number.`);
}

/** @throws Error where the attribute is neither true nor false */
export function flagOf(attrs: tf.NamedAttrMap | undefined, name: string): boolean {
  const value = attrs?.[name];
  if (typeof value === 'boolean') return value;
  throw new Error(`A kernel's attribute ${name} is neither true nor false.`);
}
