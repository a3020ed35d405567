// What a native kernel is on the TypeScript side, and how it declines.
import type { NamedTensorInfoMap, TensorInfo } from '@tensorflow/tfjs-core';
import type { NativeBackend, NumericType } from '../backend.ts';
import type { Attributes } from './attributes.ts';

export interface KernelCall {
  backend: NativeBackend;
  inputs: NamedTensorInfoMap;
  attrs: Attributes;
  /** Runs the stock cpu kernel instead (counted): for types and shapes the native kernel does not take. */
  fallback(): TensorInfo | TensorInfo[];
}

export type KernelBody = (call: KernelCall) => TensorInfo | TensorInfo[];
/** Native kernels by tfjs kernel name. */
export type Kernels = Record<string, KernelBody>;

/** What kernels that take several types call one (`ElementType` in C++). */
export const elementTypes = {
  float32: 'float32',
  int32: 'int32',
  bool: 'uint8',
} as const satisfies Record<NumericType, string>;

type With<Name extends string> = NamedTensorInfoMap & Readonly<Record<Name, TensorInfo>>;

function haveAll<Name extends string>(inputs: NamedTensorInfoMap, names: readonly Name[]): inputs is With<Name> {
  return names.every((name) => inputs[name]);
}

/**
 * A kernel's inputs, with those of these names there.
 *
 * @throws Error where one is missing
 */
export function required<Name extends string>(inputs: NamedTensorInfoMap, ...names: Name[]): With<Name> {
  if (haveAll(inputs, names)) return inputs;
  throw new Error(`The kernel needs the input '${names.find((name) => !inputs[name])}'.`);
}

/** All inputs of a kernel that takes any number of them, in order. */
export const inOrder = (inputs: NamedTensorInfoMap): TensorInfo[] =>
  Object.values(inputs).filter((tensor) => tensor !== undefined);

/** What a kernel of one output gives. @throws Error where it has given several */
export function single(made: TensorInfo | TensorInfo[]): TensorInfo {
  if (!Array.isArray(made)) return made;
  throw new Error(`A kernel of one output gave ${made.length}.`);
}

export const isFloat = (...tensors: (TensorInfo | null | undefined)[]): boolean =>
  tensors.every((tensor) => tensor == null || tensor.dtype === 'float32');

export const sizeOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

/** For kernels that only move elements, or go by their places: whether they take the tensor. */
export const isFourBytes = (x: TensorInfo): x is TensorInfo & { dtype: 'float32' | 'int32' } =>
  x.dtype === 'float32' || x.dtype === 'int32';

interface Sizes {
  readonly 2: [rows: number, columns: number];
  readonly 4: [images: number, height: number, width: number, channels: number];
  readonly 5: [tiles: number, channels: number, height: number, width: number, lanes: number];
}

function hasRank<Rank extends keyof Sizes>(shape: number[], rank: Rank): shape is Sizes[Rank] {
  return shape.length === rank;
}

function sizesOf<Rank extends keyof Sizes>(shape: number[], rank: Rank): Sizes[Rank] {
  if (hasRank(shape, rank)) return shape;
  throw new Error(`A kernel wants a tensor of ${rank} dimensions, not [${shape}].`);
}

/** The sizes of a matrix. @throws Error where the tensor is none */
export const matrixShape = ({ shape }: TensorInfo) => sizesOf(shape, 2);

/** The sizes of images, or of a convolution's filter. @throws Error where there are not four of them */
export const imageShape = (shape: number[]) => sizesOf(shape, 4);

/** The sizes of tiles. @throws Error where the tensor has not five dimensions */
export const tileSizes = ({ shape }: TensorInfo) => sizesOf(shape, 5);

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
