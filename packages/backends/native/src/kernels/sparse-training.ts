// Products with the kept weights of a masked layer, for training. C++: cc/sparse-matrix.cc, cc/sparse-conv*.cc.
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { assertFloats, type KernelBody, type Kernels, sizeOf } from './kernel.ts';

type Inputs = Record<string, TensorInfo | undefined>;

/** Patterns are int32 arrays that C++ follows without looking. */
function assertIndices(kernel: string, size: number, tensors: Inputs): void {
  for (const [name, tensor] of Object.entries(tensors)) {
    if (!tensor || (tensor.dtype === 'int32' && sizeOf(tensor.shape) === size)) continue;
    throw new Error(`${kernel}: ${name} must be int32 of ${size} elements, not ${tensor.dtype} [${tensor.shape}].`);
  }
}

/** Inputs x [columns, n], values, starts [rows + 1], columns, optional places and bias [rows]; attributes rows, relu; output [rows, n]. */
const sparseMatMul: KernelBody = ({ backend, inputs, attrs }) => {
  const { x, values, starts, columns, places, bias } = inputs as Inputs;
  const { rows, relu } = attrs;
  const [height, n] = x!.shape as [number, number];
  const kept = sizeOf(values!.shape);
  assertFloats('SparseMatMul', height * n, { x });
  assertFloats('SparseMatMul', rows, { bias });
  assertIndices('SparseMatMul', rows + 1, { starts });
  assertIndices('SparseMatMul', kept, { columns, places });
  const out = backend.output([rows, n]);
  backend.invoke('CsrTimesDense', [starts, columns, values, places, x, bias, out], [rows, height, n, Number(relu)]);
  return out;
};

/** Inputs x [columns, n], dy [rows, n], starts, columns; output: the gradient of the kept weights. */
const sparseMatMulValues: KernelBody = ({ backend, inputs }) => {
  const { x, dy, starts, columns } = inputs as Record<string, TensorInfo>;
  const [rows, n] = dy!.shape as [number, number];
  assertFloats('SparseMatMulValues', x!.shape[0]! * n, { x });
  assertFloats('SparseMatMulValues', rows * n, { dy });
  assertIndices('SparseMatMulValues', rows + 1, { starts });
  assertIndices('SparseMatMulValues', sizeOf(columns!.shape), { columns });
  const out = backend.output(columns!.shape);
  backend.invoke('SampledProduct', [starts, columns, dy, x, out], [rows, n]);
  return out;
};

const transposeMatrix: KernelBody = ({ backend, inputs }) => {
  const x = inputs.x!;
  const [rows, columns] = x.shape as [number, number];
  assertFloats('TransposeMatrix', rows * columns, { x });
  const out = backend.output([columns, rows]);
  backend.invoke('TransposeMatrix', [x, out], [rows, columns]);
  return out;
};

/** The numbers of TileConv in cc/sparse-conv.h behind the number of tiles. */
interface TileConvAttributes {
  /** channels, height, width, upY, upX, outChannels, outHeight, outWidth, strideY, strideX, kernelHeight, kernelWidth, top, left */
  readonly conv: readonly number[];
}

/** Inputs x in tiles, values, starts [outChannels + 1], taps, optional places and bias; attributes conv, relu; output in tiles. */
const sparseConv: KernelBody = ({ backend, inputs, attrs }) => {
  const { x, values, starts, taps, places, bias } = inputs as Inputs;
  const { conv } = attrs as unknown as TileConvAttributes;
  const [channels, height, width, , , outChannels, outHeight, outWidth] = conv as number[];
  const tiles = x!.shape[0]!;
  const { lanes } = backend.addon;
  assertFloats('SparseConv', tiles * channels! * height! * width! * lanes, { x });
  assertFloats('SparseConv', outChannels!, { bias });
  assertIndices('SparseConv', outChannels! + 1, { starts });
  assertIndices('SparseConv', sizeOf(values!.shape), { taps, places });
  const out = backend.output([tiles, outChannels!, outHeight!, outWidth!, lanes]);
  const numbers = [tiles, ...conv, Number(attrs.relu)];
  backend.invoke('SparseConv', [x, starts, taps, values, places, bias, out], numbers);
  return out;
};

/** Inputs x and dy in tiles, starts, taps; attribute conv, as in the forward pass; output: the gradient of the kept weights. */
const sparseConvValues: KernelBody = ({ backend, inputs, attrs }) => {
  const { x, dy, starts, taps } = inputs as Record<string, TensorInfo>;
  const { conv } = attrs as unknown as TileConvAttributes;
  const [channels, height, width, , , outChannels, outHeight, outWidth] = conv as number[];
  const tiles = x!.shape[0]!;
  const { lanes } = backend.addon;
  assertFloats('SparseConvValues', tiles * channels! * height! * width! * lanes, { x });
  assertFloats('SparseConvValues', tiles * outChannels! * outHeight! * outWidth! * lanes, { dy });
  assertIndices('SparseConvValues', outChannels! + 1, { starts });
  assertIndices('SparseConvValues', sizeOf(taps!.shape), { taps });
  const out = backend.output(taps!.shape);
  backend.invoke('SparseConvWeights', [x, dy, starts, taps, out], [tiles, ...conv]);
  return out;
};

export const sparseTrainingKernels: Kernels = {
  SparseMatMul: sparseMatMul,
  SparseMatMulValues: sparseMatMulValues,
  TransposeMatrix: transposeMatrix,
  SparseConv: sparseConv,
  SparseConvValues: sparseConvValues,
};
