// The differentiable operations of a sparse step. Their kernels are the native backend's; this is what they compute and how
// gradients flow through them. Layouts: images [N, H, W, C]; tiles [tile, C, H, W, lane], whose lanes are images; columns
// [features, N].
import { ofRank } from '@prunebench/network';
import * as tf from '@tensorflow/tfjs-core';
import type { SparsePattern } from './sparse-kernels.ts';

type Attributes = tf.NamedAttrMap;
const run = (kernel: string, inputs: tf.NamedTensorMap, attrs: Attributes = {}) =>
  tf.engine().runKernel<tf.Tensor>(kernel, inputs, attrs);
const runForAll = (kernel: string, inputs: tf.NamedTensorMap, attrs: Attributes) =>
  tf.engine().runKernel<tf.Tensor[]>(kernel, inputs, attrs);

interface Product {
  readonly values: tf.Tensor;
  readonly pattern: SparsePattern;
  /** [outputs] */
  readonly bias?: tf.Tensor | undefined;
  readonly relu: boolean;
}

/** What a product reads, and what its gradient alone needs: that is saved from the inputs. */
function productInputs({ values, pattern, bias }: Product): Record<string, tf.Tensor> {
  const { starts, columns, transposedStarts, transposedColumns, places } = pattern;
  const ofGradient = { transposedStarts, transposedColumns, transposedPlaces: places };
  return { values, starts, columns, ...ofGradient, ...(bias ? { bias } : {}) };
}

/** The gradient of a product from that of its output y, ReLU included. */
function beforeRelu(dy: tf.Tensor, y: tf.Tensor, { relu }: Attributes): tf.Tensor {
  return relu ? tf.mul(dy, tf.step(y)) : dy;
}

const savedOfProduct = ['values', 'starts', 'columns', 'transposedStarts', 'transposedColumns', 'transposedPlaces'];

/**
 * y = W x (+ bias, ReLU) with the kept weights of W [rows, columns of x]: columns in, columns out. Sums start from the bias, or get it
 * last, as those of a dense product do.
 */
export function sparseMatMul(x: tf.Tensor, rows: number, product: Product & { readonly biasLast: boolean }): tf.Tensor {
  const { biasLast, relu } = product;
  return run('SparseMatMul', { x, ...productInputs(product) }, { rows, biasLast, relu });
}

tf.registerGradient({
  kernelName: 'SparseMatMul',
  inputsToSave: ['x', ...savedOfProduct],
  outputsToSave: [true],
  gradFunc: (dys, saved, attrs) => {
    const [x, values, starts, columns, transposedStarts, transposedColumns, places, y] = saved;
    const dy = beforeRelu([dys].flat()[0], y, attrs);
    return {
      x: () => {
        const transposed = { starts: transposedStarts, columns: transposedColumns, places };
        return run('SparseMatMul', { x: dy, values, ...transposed }, { rows: x.shape[0], relu: false });
      },
      values: () => run('SparseMatMulValues', { x, dy, starts, columns }),
      bias: () => tf.sum(dy, 1),
    };
  },
});

/** What a convolution of tiles looks like, per axis [rows, columns]. */
export interface ConvShape {
  readonly channels: number;
  readonly size: readonly [number, number];
  readonly outChannels: number;
  readonly outSize: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly kernel: readonly [number, number];
  /** Padding before the first row and column. */
  readonly before: readonly [number, number];
}

/** A convolution of tiles as the native kernels want it; `up`: rows and columns from one pixel read to the next, zeros between. */
const forwardShape = ({ channels, size, outChannels, outSize, strides, kernel, before }: ConvShape) => ({
  ...{ channels, height: size[0], width: size[1], upY: 1, upX: 1 },
  ...{ outChannels, outHeight: outSize[0], outWidth: outSize[1], strideY: strides[0], strideX: strides[1] },
  ...{ kernelHeight: kernel[0], kernelWidth: kernel[1], top: before[0], left: before[1] },
});

/** The input gradient as a convolution of dy, moved apart by the stride, with the kernel turned round. */
const backwardShape = ({ channels, size, outChannels, outSize, strides, kernel, before }: ConvShape) => ({
  ...forwardShape({
    ...{ channels: outChannels, size: outSize, outChannels: channels, outSize: size, strides: [1, 1], kernel },
    before: [kernel[0] - 1 - before[0], kernel[1] - 1 - before[1]],
  }),
  ...{ upY: strides[0], upX: strides[1] },
});

/**
 * Tiles x whose moments a batch norm has taken; readers compute its output, (x - mean) * scale + shift. A reader's gradients are those of
 * that output, named after x, and of `scale` and `shift`, and what made the moments goes on from there.
 */
export interface NormedTiles {
  readonly x: tf.Tensor;
  readonly norm: { readonly mean: tf.Tensor1D; readonly scale: tf.Tensor1D; readonly shift: tf.Tensor1D };
}

/** Tiles as an operation reads them: as they are, or the output of a batch norm (+ residual, ReLU) that is not computed before. */
export type TilesRead =
  | { readonly x: tf.Tensor; readonly norm?: undefined }
  | (NormedTiles & { readonly residual?: tf.Tensor | undefined; readonly relu: boolean });

const savedOfRead = { plain: ['x'], normed: ['x', 'mean', 'scale', 'shift'] };
const readInputs = (read: TilesRead): Record<string, tf.Tensor> =>
  read.norm ? { x: read.x, ...read.norm, ...(read.residual ? { residual: read.residual } : {}) } : { x: read.x };

/** A batch norm that takes its moments from what an operation gives. */
export interface NormBehind {
  readonly gamma: tf.Tensor1D;
  readonly beta: tf.Tensor1D;
  readonly epsilon: number;
}

export interface Moments {
  readonly tiles: NormedTiles;
  readonly variance: tf.Tensor1D;
}

const momentsOf = ([x, mean, variance, scale, shift]: tf.Tensor[]): Moments => {
  const norm = { mean: ofRank(mean, 1), scale: ofRank(scale, 1), shift: ofRank(shift, 1) };
  return { tiles: { x, norm }, variance: ofRank(variance, 1) };
};

export interface SparseConvOptions {
  readonly images: number;
  readonly norm?: NormBehind | undefined;
  /** Whether what was read is wanted as tiles; only where the windows leave nothing out. */
  readonly keep: boolean;
  /** The shortcut, if it is kept for one: that has every stride-th pixel, between channels of zeros (`tileSubsamplePad`). */
  readonly shortcut: { readonly stride: number; readonly channels: number } | undefined;
  /** Whether what was read depends on anything that is trained. */
  readonly inputGradient: boolean;
}

export interface SparseConvResult {
  readonly y: tf.Tensor;
  readonly moments: Moments | undefined;
  readonly kept: tf.Tensor | undefined;
}

/** Convolution with the kept weights: tiles in, tiles out, with the moments of a batch norm that follows. */
export function sparseConv(
  read: TilesRead,
  shape: ConvShape,
  product: Product,
  options: SparseConvOptions,
): SparseConvResult {
  const { images, norm, keep, shortcut, inputGradient } = options;
  const kernel = !read.norm ? 'SparseConv' : read.residual ? 'SparseConvOfNormedSum' : 'SparseConvOfNorm';
  const inputs = {
    ...readInputs(read),
    ...productInputs(product),
    ...(norm ? { gamma: norm.gamma, beta: norm.beta } : {}),
  };
  const outputs = runForAll(kernel, inputs, {
    ...{ conv: forwardShape(shape), backward: backwardShape(shape) },
    ...{ inputRelu: read.norm !== undefined && read.relu, relu: product.relu },
    ...(shortcut ? { shortcut: [shortcut.stride, shortcut.channels] } : {}),
    ...{ images, keep, inputGradient, norm: norm !== undefined, epsilon: norm?.epsilon ?? 0 },
  });
  return { y: outputs[0], moments: norm && momentsOf(outputs), kept: keep ? outputs.at(-1) : undefined };
}

for (const [kernelName, read] of [
  ['SparseConv', savedOfRead.plain],
  ['SparseConvOfNorm', savedOfRead.normed],
  ['SparseConvOfNormedSum', [...savedOfRead.normed, 'residual']],
] as const) {
  const inputsToSave = [...read, ...savedOfProduct];
  tf.registerGradient({
    kernelName,
    inputsToSave,
    outputsToSave: [true, true, true, true],
    gradFunc: (dys, saved, attrs) => {
      const inputs = Object.fromEntries(inputsToSave.map((name, i) => [name, saved[i]]));
      return convGradients(inputs, saved.slice(inputsToSave.length), [dys].flat(), attrs);
    },
  });
}

function convGradients(
  inputs: Record<string, tf.Tensor>,
  [y, outMean, outVariance, outScale]: tf.Tensor[],
  dys: tf.Tensor[],
  attrs: Attributes,
): Record<string, () => tf.Tensor> {
  const [dy, , , dScale, dShift] = dys;
  const behind = attrs.norm ? { y, outMean, outVariance, outScale, dScale, dShift } : attrs.relu ? { y } : {};
  const more = attrs.keep ? { more: dys.at(-1)! } : {};
  // Run now, not inside the getters: what the first getter's tidy creates is gone when the second is called.
  const gradients = runForAll('SparseConvGrad', { ...inputs, ...more, dy, ...behind }, attrs);
  const gamma = attrs.norm ? gradients.pop()! : undefined;
  const values = gradients.pop()!;
  const [x, scale, shift] = gradients;
  return {
    x: () => x,
    scale: () => scale,
    shift: () => shift,
    mean: () => tf.zerosLike(inputs.mean),
    residual: () => tf.clone(x),
    values: () => values,
    gamma: () => gamma!,
    beta: () => dShift,
    // A batch norm takes a bias away again. Lanes without an image have no gradient.
    bias: () => (attrs.norm ? tf.zerosLike(dShift) : tf.sum(tf.sum(beforeRelu(dy, y, attrs), [2, 3, 4]), 0)),
  };
}

/** [m, n] -> [n, m]: between [N, features] and columns. */
export function transposeMatrix(x: tf.Tensor): tf.Tensor {
  return run('TransposeMatrix', { x });
}

tf.registerGradient({
  kernelName: 'TransposeMatrix',
  gradFunc: (dys) => ({ x: () => transposeMatrix([dys].flat()[0]) }),
});

export function imagesToTiles(x: tf.Tensor): tf.Tensor {
  return run('ImagesToTiles', { x }, { images: x.shape[0] });
}

tf.registerGradient({
  kernelName: 'ImagesToTiles',
  gradFunc: (dys, _, { images }) => ({ x: () => run('TilesToImages', { x: [dys].flat()[0] }, { images }) }),
});

export function tilesToImages(x: tf.Tensor, images: number): tf.Tensor {
  return run('TilesToImages', { x }, { images });
}

tf.registerGradient({
  kernelName: 'TilesToImages',
  gradFunc: (dys) => ({ x: () => imagesToTiles([dys].flat()[0]) }),
});

/** Mean over the pixels: tiles -> columns [channels, images]. */
export function tileGlobalAverage(x: tf.Tensor, images: number): tf.Tensor {
  const [, , height, width] = ofRank(x, 5).shape;
  return run('TileGlobalAverage', { x }, { images, height, width });
}

tf.registerGradient({
  kernelName: 'TileGlobalAverage',
  gradFunc: (dys, _, { height, width }) => ({
    x: () => run('TileGlobalAverageGrad', { dy: [dys].flat()[0] }, { height, width }),
  }),
});

/** Every stride-th pixel, between channels of zeros. */
export function tileSubsamplePad(x: tf.Tensor, images: number, stride: number, channels: number): tf.Tensor {
  return run('TileSubsamplePad', { x }, { images, stride, channels, shape: x.shape });
}

tf.registerGradient({
  kernelName: 'TileSubsamplePad',
  gradFunc: (dys, _, { images, stride, shape }) => ({
    x: () => run('TileSubsamplePadGrad', { dy: [dys].flat()[0] }, { images, stride, shape }),
  }),
});

/** The moments of tiles that no convolution has taken. */
export function tileMoments(x: tf.Tensor, images: number, { gamma, beta, epsilon }: NormBehind): Moments {
  return momentsOf(runForAll('TileMoments', { x, gamma, beta }, { images, epsilon }));
}

tf.registerGradient({
  kernelName: 'TileMoments',
  outputsToSave: [true, true, true, true],
  gradFunc: (dys, saved, attrs) => {
    const [x, mean, variance, scale] = saved;
    const [g, , , dScale, dShift] = [dys].flat();
    const inputs = { g, x, mean, variance, scale, dScale, dShift };
    const [dx, dGamma] = runForAll('TileMomentsGrad', inputs, attrs);
    return { x: () => dx, gamma: () => dGamma, beta: () => dShift };
  },
});

/** The output of a batch norm (+ residual, ReLU) as tiles. */
export function tileNormalize(read: TilesRead & NormedTiles, images: number): tf.Tensor {
  return run(read.residual ? 'TileNormalizeSum' : 'TileNormalize', readInputs(read), { images, relu: read.relu });
}

for (const [kernelName, inputsToSave] of [
  ['TileNormalize', savedOfRead.normed],
  ['TileNormalizeSum', [...savedOfRead.normed, 'residual']],
] as const)
  tf.registerGradient({
    kernelName,
    inputsToSave: [...inputsToSave],
    gradFunc: (dys, saved, attrs) => {
      const inputs = Object.fromEntries(inputsToSave.map((name, i) => [name, saved[i]]));
      const [g, scale, shift] = runForAll('TileNormalizeGrad', { dy: [dys].flat()[0], ...inputs }, attrs);
      return {
        x: () => g,
        scale: () => scale,
        shift: () => shift,
        mean: () => tf.zerosLike(inputs.mean),
        residual: () => tf.clone(g),
      };
    },
  });
