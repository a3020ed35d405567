// Products with the kept weights of a masked layer, for training. C++: cc/sparse/sparse-matrix.cc, cc/sparse-training/.
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { NativeBackend } from '../backend.ts';
import { type Attributes, numberOf, numbersOf } from './attributes.ts';
import { assertFloats, type KernelBody, type Kernels, matrixShape, required, sizeOf } from './kernel.ts';

type Inputs = Record<string, TensorInfo | undefined>;

/** Patterns are int32 arrays that C++ follows without looking. */
function assertIndices(kernel: string, size: number, tensors: Inputs): void {
  for (const [name, tensor] of Object.entries(tensors)) {
    if (!tensor || (tensor.dtype === 'int32' && sizeOf(tensor.shape) === size)) continue;
    throw new Error(`${kernel}: ${name} must be int32 of ${size} elements, not ${tensor.dtype} [${tensor.shape}].`);
  }
}

/**
 * Inputs x [columns, n], values, starts [rows + 1], columns, optional places and bias [rows]; attributes rows, biasLast (with the
 * bits of a dense product), relu; output [rows, n].
 */
const sparseMatMul: KernelBody = ({ backend, inputs, attrs }) => {
  const { x, values } = required(inputs, 'x', 'values');
  const { starts, columns, places, bias } = inputs;
  const rows = numberOf(attrs.rows, 'rows');
  const relu = Boolean(attrs.relu);
  const biasLast = Boolean(attrs.biasLast);
  const [height, n] = matrixShape(x);
  const kept = sizeOf(values.shape);
  assertFloats('SparseMatMul', height * n, { x });
  assertFloats('SparseMatMul', rows, { bias });
  assertIndices('SparseMatMul', rows + 1, { starts });
  assertIndices('SparseMatMul', kept, { columns, places });
  const y = backend.output([rows, n]);
  const numbers = { rows, columns: height, n, biasLast, relu };
  backend.invoke('CsrTimesDense', { starts, columns, values, places, x, bias, y }, numbers);
  return y;
};

/** Inputs x [columns, n], dy [rows, n], starts, columns; output: the gradient of the kept weights. */
const sparseMatMulValues: KernelBody = ({ backend, inputs }) => {
  const { x, dy, columns } = required(inputs, 'x', 'dy', 'columns');
  const { starts } = inputs;
  const [rows, n] = matrixShape(dy);
  assertFloats('SparseMatMulValues', matrixShape(x)[0] * n, { x });
  assertFloats('SparseMatMulValues', rows * n, { dy });
  assertIndices('SparseMatMulValues', rows + 1, { starts });
  assertIndices('SparseMatMulValues', sizeOf(columns.shape), { columns });
  const out = backend.output(columns.shape);
  backend.invoke('SampledProduct', { starts, columns, a: dy, b: x, out }, { rows, n });
  return out;
};

const transposeMatrix: KernelBody = ({ backend, inputs }) => {
  const { x } = required(inputs, 'x');
  const [rows, columns] = matrixShape(x);
  assertFloats('TransposeMatrix', rows * columns, { x });
  const to = backend.output([columns, rows]);
  backend.invoke('TransposeMatrix', { from: x, to }, { rows, columns });
  return to;
};

/**
 * The numbers of a convolution of tiles (TILE_CONV in C++). `upY` and `upX`: rows and columns from one pixel of what is read to the next;
 * zeros lie between.
 */
const tileConvNames = [
  ...(['channels', 'height', 'width', 'upY', 'upX'] as const),
  ...(['outChannels', 'outHeight', 'outWidth', 'strideY', 'strideX'] as const),
  ...(['kernelHeight', 'kernelWidth', 'top', 'left'] as const),
] as const;

type TileConvShape = Readonly<Record<(typeof tileConvNames)[number], number>>;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

const isTileConvShape = (value: unknown): value is TileConvShape =>
  isObject(value) && tileConvNames.every((name) => typeof value[name] === 'number');

interface TileConvAttributes {
  readonly conv: TileConvShape;
  readonly inputRelu: boolean;
  readonly relu: boolean;
  readonly images: number;
  readonly epsilon: number;
  /** Whether what was read, ReLU and all, is an output too. */
  readonly keep: boolean;
  /** Of the parameter-free shortcut that it is kept for: every stride-th pixel, between channels of zeros; else all of it. */
  readonly shortcut?: readonly [stride: number, channels: number] | undefined;
  /** Whether the gradient of what was read is wanted. */
  readonly inputGradient: boolean;
}

function tileConvShapeOf(value: unknown, name: string): TileConvShape {
  if (isTileConvShape(value)) return value;
  throw new Error(`A convolution of tiles wants the numbers ${tileConvNames.join(', ')} as its attribute '${name}'.`);
}

/** @throws Error naming the attribute that is not what a convolution of tiles takes */
function tileConvOf(attrs: Attributes): TileConvAttributes {
  const shortcut = attrs.shortcut === undefined ? undefined : numbersOf(attrs.shortcut, 'shortcut');
  return {
    conv: tileConvShapeOf(attrs.conv, 'conv'),
    inputRelu: Boolean(attrs.inputRelu),
    relu: Boolean(attrs.relu),
    images: numberOf(attrs.images, 'images'),
    epsilon: numberOf(attrs.epsilon, 'epsilon'),
    keep: Boolean(attrs.keep),
    shortcut: shortcut && [shortcut[0], shortcut[1]],
    inputGradient: Boolean(attrs.inputGradient),
  };
}

/** Shapes of a convolution of tiles, with its operands checked. */
function convShapes(kernel: string, backend: NativeBackend, inputs: Inputs, attrs: TileConvAttributes) {
  const { x, mean, scale, shift, residual, values, starts, columns, bias } = inputs;
  const { channels, height, width, outChannels, outHeight, outWidth } = attrs.conv;
  const { lanes } = backend.addon;
  const tiles = Math.ceil(attrs.images / lanes);
  const input = [tiles, channels, height, width, lanes];
  assertFloats(kernel, sizeOf(input), { x, residual });
  assertFloats(kernel, channels, { mean, scale, shift });
  assertFloats(kernel, outChannels, { bias });
  assertIndices(kernel, outChannels + 1, { starts });
  assertIndices(kernel, sizeOf(values!.shape), { columns });
  const [stride, keptChannels] = attrs.shortcut ?? [1, channels];
  const sampled = (size: number) => Math.floor((size - 1) / stride) + 1;
  return {
    input,
    kept: [tiles, keptChannels, sampled(height), sampled(width), lanes],
    output: [tiles, outChannels, outHeight, outWidth, lanes],
    numbers: {
      ...{ tiles, ...attrs.conv },
      ...{ inputRelu: attrs.inputRelu, relu: attrs.relu, images: attrs.images, epsilon: attrs.epsilon },
      ...{ shortcutStride: stride, shortcutChannels: keptChannels },
    },
  };
}

/** Whether the windows leave out no row or column, not even between those of bands that are computed apart. */
function readsAll(conv: TileConvShape): boolean {
  const { height, width, outHeight, outWidth, strideY, strideX, kernelHeight, kernelWidth, top, left } = conv;
  const all = (size: number, outSize: number, stride: number, kernel: number, before: number) =>
    stride + before <= kernel && (outSize - 1) * stride + kernel - before >= size;
  return all(height, outHeight, strideY, kernelHeight, top) && all(width, outWidth, strideX, kernelWidth, left);
}

/**
 * Inputs x in tiles, values, starts [outChannels + 1], columns, optional bias; mean, scale, shift and optional residual where x is read
 * behind a batch norm; gamma and beta where one follows.
 * Outputs: tiles; then mean, variance, scale and shift of the batch norm that follows; then what was read, as the shortcut has it, where it is to be kept.
 */
const sparseConv: KernelBody = ({ backend, inputs, attrs }) => {
  const { x, mean, scale, shift, residual, values, starts, columns, bias, gamma, beta } = inputs;
  const conv = tileConvOf(attrs);
  const { outChannels } = conv.conv;
  const shapes = convShapes('SparseConv', backend, inputs, conv);
  assertFloats('SparseConv', outChannels, { gamma, beta });
  if (conv.keep && !readsAll(conv.conv)) throw new Error('SparseConv: it does not read all there is to keep.');
  const out = backend.output(shapes.output);
  const kept = conv.keep ? backend.output(shapes.kept) : undefined;
  const perChannel = () => (gamma ? backend.output([outChannels]) : undefined);
  const [outMean, outVariance, outScale] = [perChannel(), perChannel(), perChannel()];
  const read = { x, mean, scale, shift, residual, starts, taps: columns, values, bias, gamma };
  const made = { out, kept, outMean, outVariance, outScale };
  backend.invoke('SparseConv', { ...read, ...made }, shapes.numbers);
  const outShift = beta && backend.alias(beta);
  return [out, outMean, outVariance, outScale, outShift, kept].filter((tensor) => tensor !== undefined);
};

/**
 * Inputs as of `SparseConv`, the transposed pattern, and dy; `more`, in the shape of what was kept, to be added to the gradient of what was read; y behind a ReLU or in
 * front of a batch norm, whose outMean, outVariance, outScale and gradients of scale and shift are then there too.
 * Outputs: the gradient of what was read, with those of its scale and shift behind a batch norm; that of the kept weights; that of
 * gamma in front of one. Behind a batch norm the first is the gradient of its output, and of the residual.
 */
const sparseConvGrad: KernelBody = ({ backend, inputs, attrs }) => {
  const conv = tileConvOf(attrs);
  const { x, mean, scale, shift, residual, more, dy, y, outMean, outVariance, outScale, dScale, dShift } = inputs;
  const { values } = required(inputs, 'values');
  const { starts, columns, transposedStarts, transposedColumns, transposedPlaces } = inputs;
  const shapes = convShapes('SparseConvGrad', backend, inputs, conv);
  const { input, output } = shapes;
  const { channels, outChannels } = conv.conv;
  const kept = sizeOf(values.shape);
  assertFloats('SparseConvGrad', sizeOf(shapes.kept), { more });
  assertFloats('SparseConvGrad', sizeOf(output), { dy, y });
  assertFloats('SparseConvGrad', outChannels, { outMean, outVariance, outScale, dScale, dShift });
  assertIndices('SparseConvGrad', channels + 1, { transposedStarts });
  assertIndices('SparseConvGrad', kept, { transposedColumns, transposedPlaces });
  const transposed = { transposedStarts, transposedTaps: transposedColumns, transposedPlaces };
  const dx = conv.inputGradient ? backend.output(input) : undefined;
  const ofNorm = () => (mean ? backend.output([channels]) : undefined);
  const [inScale, inShift] = [ofNorm(), ofNorm()];
  const dValues = backend.output(values.shape);
  const dGamma = outMean ? backend.output([outChannels]) : undefined;
  const read = { x, mean, scale, shift, residual, more, dy, y };
  const behind = { outMean, outVariance, outScale, dOutScale: dScale, dOutShift: dShift };
  const pattern = { starts, taps: columns, values, ...transposed };
  const made = { dx, dScale: inScale, dShift: inShift, dValues, dGamma };
  const numbers = { ...shapes.numbers, ...backNumbers(tileConvShapeOf(attrs.backward, 'backward')) };
  backend.invoke('SparseConvGrad', { ...read, ...behind, ...pattern, ...made }, numbers);
  return [dx, inScale, inShift, dValues, dGamma].filter((tensor) => tensor !== undefined);
};

/** The numbers of an input gradient (TILE_CONV_BACK in C++): `backChannels` and so on. */
function backNumbers(backward: TileConvShape): Record<string, number> {
  const backName = (name: string) => `back${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  return Object.fromEntries(Object.entries(backward).map(([name, value]) => [backName(name), value]));
}

export const sparseTrainingKernels: Kernels = {
  SparseMatMul: sparseMatMul,
  SparseMatMulValues: sparseMatMulValues,
  TransposeMatrix: transposeMatrix,
  SparseConv: sparseConv,
  SparseConvOfNorm: sparseConv,
  SparseConvOfNormedSum: sparseConv,
  SparseConvGrad: sparseConvGrad,
};
