// Kernels that only move elements. C++: cc/layout.cc.
import { slice_util, type TensorInfo } from '@tensorflow/tfjs-core';
import type { NativeBackend, NumericType } from '../backend.ts';
import { type KernelBody, type Kernels, sizeOf } from './kernel.ts';

const maxRank = 8;
const isFourBytes = (x: TensorInfo): boolean => x.dtype === 'float32' || x.dtype === 'int32';

function denseStrides(shape: readonly number[]): number[] {
  const strides = Array<number>(shape.length).fill(1);
  for (let d = shape.length - 2; d >= 0; d--) strides[d] = strides[d + 1]! * shape[d + 1]!;
  return strides;
}

/** A dense copy of a strided view of `x`. */
function gather(backend: NativeBackend, x: TensorInfo, start: number, shape: number[], strides: number[]): TensorInfo {
  const out = backend.output(shape, x.dtype as NumericType);
  const dimensions: { size: number; stride: number }[] = [];
  for (let d = 0; d < shape.length; d++) {
    if (shape[d] === 1) continue;
    const outer = dimensions.at(-1);
    const merged = outer?.stride === strides[d]! * shape[d]!;
    if (merged) dimensions[dimensions.length - 1] = { size: outer!.size * shape[d]!, stride: strides[d]! };
    else dimensions.push({ size: shape[d]!, stride: strides[d]! });
  }
  if (dimensions.length === 0) dimensions.push({ size: 1, stride: 1 });
  const numbers = [dimensions.length, start, ...dimensions.map((d) => d.size), ...dimensions.map((d) => d.stride)];
  if (sizeOf(shape) > 0) backend.invoke('Gather', [x, out], numbers);
  return out;
}

const slice: KernelBody = ({ backend, inputs, attrs, fallback }) => {
  const x = inputs.x!;
  if (!isFourBytes(x) || x.shape.length > maxRank) return fallback();
  const [begin, size] = slice_util.parseSliceParams(x as never, attrs.begin, attrs.size);
  slice_util.assertParamsValid(x as never, begin, size);
  const strides = denseStrides(x.shape);
  const start = begin.reduce((sum, index, d) => sum + index * strides[d]!, 0);
  return gather(backend, x, start, size, strides);
};

const transpose: KernelBody = ({ backend, inputs, attrs, fallback }) => {
  const x = inputs.x!;
  if (!isFourBytes(x) || x.shape.length > maxRank) return fallback();
  const perm = attrs.perm as number[];
  const strides = denseStrides(x.shape);
  return gather(
    backend,
    x,
    0,
    perm.map((d) => x.shape[d]!),
    perm.map((d) => strides[d]!),
  );
};

/** Writes `x` into `out` with its first element at `start`. */
function scatter(backend: NativeBackend, x: TensorInfo, out: TensorInfo, start: number): void {
  if (sizeOf(x.shape) === 0) return;
  const shape = x.shape.length > 0 ? x.shape : [1];
  const strides = denseStrides(out.shape.length > 0 ? out.shape : [1]);
  backend.invoke('Scatter', [x, out], [shape.length, start, ...shape, ...strides]);
}

const padV2: KernelBody = ({ backend, inputs, attrs, fallback }) => {
  const x = inputs.x!;
  const paddings = attrs.paddings as [number, number][];
  if (x.dtype !== 'float32' || x.shape.length > maxRank) return fallback();
  const out = backend.output(x.shape.map((size, d) => size + paddings[d]![0] + paddings[d]![1]));
  backend.invoke('Fill', [out], [sizeOf(out.shape), attrs.constantValue ?? 0]);
  const strides = denseStrides(out.shape);
  const start = paddings.reduce((sum, [before], d) => sum + before * strides[d]!, 0);
  scatter(backend, x, out, start);
  return out;
};

const concat: KernelBody = ({ backend, inputs, attrs, fallback }) => {
  const parts = Object.values(inputs) as TensorInfo[];
  const first = parts[0]!;
  const rank = first.shape.length;
  if (parts.some((part) => part.dtype !== first.dtype || !isFourBytes(part)) || rank === 0 || rank > maxRank) {
    return fallback();
  }
  const axis = attrs.axis < 0 ? attrs.axis + rank : attrs.axis;
  const total = parts.reduce((sum, part) => sum + part.shape[axis]!, 0);
  const out = backend.output(
    first.shape.map((size, d) => (d === axis ? total : size)),
    first.dtype as NumericType,
  );
  const stride = denseStrides(out.shape)[axis]!;
  let at = 0;
  for (const part of parts) {
    scatter(backend, part, out, at * stride);
    at += part.shape[axis]!;
  }
  return out;
};

export const layoutKernels: Kernels = { Slice: slice, Transpose: transpose, PadV2: padV2, Concat: concat };
