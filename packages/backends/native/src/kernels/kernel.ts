// What a native kernel is on the TypeScript side, and how it declines.
import type { NamedAttrMap, NamedTensorInfoMap, TensorInfo } from '@tensorflow/tfjs-core';
import type { NativeBackend } from '../backend.ts';

export interface KernelCall {
  backend: NativeBackend;
  inputs: NamedTensorInfoMap;
  // biome-ignore lint/suspicious/noExplicitAny: tfjs types attributes as an open record; each kernel knows its own
  attrs: NamedAttrMap & Record<string, any>;
  /** Runs the stock cpu kernel instead (counted): for types and shapes the native kernel does not take. */
  fallback(): TensorInfo | TensorInfo[];
}

export type KernelBody = (call: KernelCall) => TensorInfo | TensorInfo[];
/** Native kernels by tfjs kernel name. */
export type Kernels = Record<string, KernelBody>;

const elementTypes = new Map([
  ['float32', 'float32'],
  ['int32', 'int32'],
  ['bool', 'uint8'],
]);

/** What kernels that take several types call one (`ElementType` in C++), or nothing for a type that none takes. */
export const elementTypeOf = (dtype: string): string | undefined => elementTypes.get(dtype);

/**
 * A kernel's inputs of these names.
 *
 * @throws Error where one is missing
 */
export function required<Name extends string>(inputs: NamedTensorInfoMap, ...names: Name[]): Record<Name, TensorInfo> {
  const found: Partial<Record<Name, TensorInfo>> = {};
  for (const name of names) {
    const tensor = inputs[name];
    if (!tensor) throw new Error(`The kernel needs the input '${name}'.`);
    found[name] = tensor;
  }
  return found as Record<Name, TensorInfo>;
}

export const isFloat = (...tensors: (TensorInfo | null | undefined)[]): boolean =>
  tensors.every((tensor) => tensor == null || tensor.dtype === 'float32');

export const sizeOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

function sizesOf(tensor: TensorInfo, rank: number): number[] {
  if (tensor.shape.length === rank) return tensor.shape;
  throw new Error(`A kernel wants a tensor of ${rank} dimensions, not [${tensor.shape}].`);
}

/** The sizes of a matrix. @throws Error where the tensor is none */
export const matrixShape = (tensor: TensorInfo) => sizesOf(tensor, 2) as [rows: number, columns: number];

/** The sizes of images. @throws Error where the tensor has not four dimensions */
export const imageShape = (tensor: TensorInfo) =>
  sizesOf(tensor, 4) as [images: number, height: number, width: number, channels: number];

/** The sizes of tiles. @throws Error where the tensor has not five dimensions */
export const tileSizes = (tensor: TensorInfo) =>
  sizesOf(tensor, 5) as [tiles: number, channels: number, height: number, width: number, lanes: number];

/**
 * For kernels of our own, whose inputs no tfjs op has checked: a wrong size would read beyond a tensor.
 * @throws Error naming the kernel and the input unless every tensor is float32 of the given size
 */
export function assertFloats(kernel: string, size: number, tensors: Record<string, TensorInfo | undefined>): void {
  for (const [name, tensor] of Object.entries(tensors)) {
    if (!tensor || (tensor.dtype === 'float32' && sizeOf(tensor.shape) === size)) continue;
    throw new Error(`${kernel}: ${name} must be float32 of ${size} elements, not ${tensor.dtype} [${tensor.shape}].`);
  }
}
