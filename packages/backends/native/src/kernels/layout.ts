// Kernels that only move elements. C++: cc/layout/layout.cc.
import { backend_util, slice_util, type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { NativeBackend } from '../backend.ts';
import { axesOf, axisOf, numberOf, numberOrNumbersOf, numbersOf, pairsOf } from './attributes.ts';
import {
  inOrder,
  isFourBytes,
  type KernelBody,
  type KernelCall,
  type Kernels,
  required,
  single,
  sizeOf,
} from './kernel.ts';

const maxRank = 8;

function denseStrides(shape: readonly number[]): number[] {
  const strides = Array<number>(shape.length).fill(1);
  for (let d = shape.length - 2; d >= 0; d--) strides[d] = strides[d + 1]! * shape[d + 1]!;
  return strides;
}

/** A dense copy of a strided view of the input x, or the stock kernel's result where the view has too many dimensions. */
function gather({ backend, inputs, fallback }: KernelCall, start: number, shape: number[], strides: number[]) {
  const { x } = required(inputs, 'x');
  const dimensions: { size: number; stride: number }[] = [];
  for (let d = 0; d < shape.length; d++) {
    if (shape[d] === 1) continue;
    const outer = dimensions.at(-1);
    const merged = outer?.stride === strides[d]! * shape[d]!;
    if (merged) dimensions[dimensions.length - 1] = { size: outer!.size * shape[d]!, stride: strides[d]! };
    else dimensions.push({ size: shape[d]!, stride: strides[d]! });
  }
  if (!isFourBytes(x) || dimensions.length > maxRank) return single(fallback());
  if (dimensions.length === 0) dimensions.push({ size: 1, stride: 1 });
  const out = backend.output(shape, x.dtype);
  const sizes = dimensions.map(({ size }) => size);
  const numbers = { rank: sizes.length, start, sizes, strides: dimensions.map(({ stride }) => stride) };
  if (sizeOf(shape) > 0) backend.invoke('Gather', { from: x, to: out }, numbers);
  return out;
}

const offsetOf = (index: readonly number[], strides: readonly number[]): number =>
  index.reduce((sum, at, d) => sum + at * strides[d]!, 0);

const slice: KernelBody = (call) => {
  const { x } = required(call.inputs, 'x');
  const first = numberOrNumbersOf(call.attrs.begin, 'begin');
  const most = call.attrs.size === undefined ? undefined : numberOrNumbersOf(call.attrs.size, 'size');
  const [begin, size] = slice_util.parseSliceParams(x, first, most);
  slice_util.assertParamsValid(x, begin, size);
  const strides = denseStrides(x.shape);
  return gather(call, offsetOf(begin, strides), size, strides);
};

const stridedSlice: KernelBody = (call) => {
  const { backend, attrs } = call;
  const { x } = required(call.inputs, 'x');
  const { finalShape, isIdentity, begin, end, strides } = slice_util.sliceInfo(
    x.shape,
    numbersOf(attrs.begin, 'begin'),
    numbersOf(attrs.end, 'end'),
    numbersOf(attrs.strides, 'strides'),
    numberOf(attrs.beginMask, 'beginMask'),
    numberOf(attrs.endMask, 'endMask'),
    numberOf(attrs.ellipsisMask, 'ellipsisMask'),
    numberOf(attrs.newAxisMask, 'newAxisMask'),
    numberOf(attrs.shrinkAxisMask, 'shrinkAxisMask'),
  );
  if (isIdentity) return backend.alias(x, finalShape);
  const size = slice_util.computeOutShape(begin, end, strides);
  if (sizeOf(size) !== sizeOf(finalShape)) return call.fallback();
  const dense = denseStrides(x.shape);
  const steps = dense.map((stride, d) => stride * strides[d]!);
  return { ...gather(call, offsetOf(begin, dense), size, steps), shape: finalShape };
};

const reverse: KernelBody = (call) => {
  const { x } = required(call.inputs, 'x');
  const axes = axesOf(call.attrs.dims, 'dims', x.shape);
  const strides = denseStrides(x.shape);
  const last = x.shape.map((size, d) => (axes.includes(d) ? size - 1 : 0));
  const steps = strides.map((stride, d) => (axes.includes(d) ? -stride : stride));
  return gather(call, offsetOf(last, strides), x.shape, steps);
};

const transpose: KernelBody = (call) => {
  const { shape } = call.inputs.x!;
  const perm = numbersOf(call.attrs.perm, 'perm');
  const strides = denseStrides(shape);
  const permuted = (values: readonly number[]) => perm.map((d) => values[d]!);
  return gather(call, 0, permuted(shape), permuted(strides));
};

const tile: KernelBody = (call) => {
  const { x } = required(call.inputs, 'x');
  const repetitions = numbersOf(call.attrs.reps, 'reps');
  const strides = denseStrides(x.shape);
  // Each dimension is run through again and again: as one more dimension outside of it, with stride 0.
  const sizes = x.shape.flatMap((size, d) => [repetitions[d]!, size]);
  const steps = strides.flatMap((stride) => [0, stride]);
  return { ...gather(call, 0, sizes, steps), shape: x.shape.map((size, d) => size * repetitions[d]!) };
};

/** Writes `x` into `out` with its first element at `start`. */
function scatter(backend: NativeBackend, x: TensorInfo, out: TensorInfo, start: number): void {
  if (sizeOf(x.shape) === 0) return;
  const shape = x.shape.length > 0 ? x.shape : [1];
  const strides = denseStrides(out.shape.length > 0 ? out.shape : [1]);
  backend.invoke('Scatter', { from: x, to: out }, { rank: shape.length, start, sizes: shape, strides });
}

const padV2: KernelBody = ({ backend, inputs, attrs, fallback }) => {
  const { x } = required(inputs, 'x');
  const paddings = pairsOf(attrs.paddings, 'paddings');
  if (x.dtype !== 'float32' || x.shape.length > maxRank) return fallback();
  const out = backend.output(x.shape.map((size, d) => size + paddings[d]![0] + paddings[d]![1]));
  backend.invoke(
    'Fill',
    { out },
    { size: sizeOf(out.shape), value: numberOf(attrs.constantValue ?? 0, 'constantValue') },
  );
  const strides = denseStrides(out.shape);
  const start = paddings.reduce((sum, [before], d) => sum + before * strides[d]!, 0);
  scatter(backend, x, out, start);
  return out;
};

function concatenate(call: KernelCall, all: readonly TensorInfo[], axis: number): TensorInfo {
  const first = all[0]!;
  const shapes = all.map((part) => part.shape);
  backend_util.assertParamsConsistent(shapes, axis);
  if (all.some((part) => part.dtype !== first.dtype) || !isFourBytes(first) || first.shape.length > maxRank) {
    return single(call.fallback());
  }
  const parts = all.filter((part) => sizeOf(part.shape) > 0);
  if (parts.length === 1) return call.backend.alias(parts[0]!);
  const out = call.backend.output(backend_util.computeOutShape(shapes, axis), first.dtype);
  const stride = denseStrides(out.shape)[axis]!;
  let at = 0;
  for (const part of parts) {
    scatter(call.backend, part, out, at * stride);
    at += part.shape[axis]!;
  }
  return out;
}

const concat: KernelBody = (call) => {
  const parts = inOrder(call.inputs);
  return concatenate(call, parts, axisOf(call.attrs.axis, 'axis', parts[0]!.shape));
};

const pack: KernelBody = (call) => {
  const parts = inOrder(call.inputs);
  const { shape } = parts[0]!;
  for (const part of parts) util.assertShapesMatch(shape, part.shape, 'Tensors passed to stack: ');
  const place = numberOf(call.attrs.axis, 'axis');
  const axis = place < 0 ? place + shape.length + 1 : place;
  const expanded = [...shape.slice(0, axis), 1, ...shape.slice(axis)];
  return concatenate(
    call,
    parts.map((part) => ({ ...part, shape: expanded })),
    axis,
  );
};

/** Consecutive pieces of x along an axis. */
function pieces(call: KernelCall, axis: number, sizes: readonly number[]): TensorInfo[] {
  const { x } = required(call.inputs, 'x');
  const strides = denseStrides(x.shape);
  let at = 0;
  return sizes.map((size) => {
    const shape = x.shape.map((whole, d) => (d === axis ? size : whole));
    const piece = gather(call, at * strides[axis]!, shape, strides);
    at += size;
    return piece;
  });
}

const splitV: KernelBody = (call) => {
  const { x } = required(call.inputs, 'x');
  const axis = axisOf(call.attrs.axis, 'axis', x.shape);
  if (!isFourBytes(x) || x.shape.length > maxRank) return call.fallback();
  const splits = numberOrNumbersOf(call.attrs.numOrSizeSplits, 'numOrSizeSplits');
  return pieces(call, axis, backend_util.prepareSplitSize(x, splits, axis));
};

const unpack: KernelBody = (call) => {
  const { value: x } = required(call.inputs, 'value');
  const axis = axisOf(call.attrs.axis, 'axis', x.shape);
  if (!isFourBytes(x) || x.shape.length > maxRank) return call.fallback();
  const shape = x.shape.filter((_, d) => d !== axis);
  const ones = Array<number>(x.shape[axis]!).fill(1);
  return pieces({ ...call, inputs: { x } }, axis, ones).map((piece) => ({ ...piece, shape }));
};

export const layoutKernels: Kernels = {
  Slice: slice,
  StridedSlice: stridedSlice,
  Reverse: reverse,
  Transpose: transpose,
  Tile: tile,
  PadV2: padV2,
  Concat: concat,
  Pack: pack,
  SplitV: splitV,
  Unpack: unpack,
};
