// The differentiable operations of a sparse step. Their kernels are the native backend's; this is what they compute and how
// gradients flow through them. Layouts: images [N, H, W, C]; tiles [tile, C, H, W, lane], whose lanes are images; columns
// [features, N].
import type { BatchNormTrainingOptions, BatchNormTrainingResult } from '@prunebench/core';
import * as tf from '@tensorflow/tfjs-core';
import type { SparsePattern } from './sparse-kernels.ts';

type Attributes = Record<string, unknown>;
const run = <T = tf.Tensor>(kernel: string, inputs: Record<string, tf.Tensor>, attrs: Attributes = {}): T =>
  tf.engine().runKernel(kernel, inputs as never, attrs as never) as T;

interface Product {
  readonly values: tf.Tensor;
  readonly pattern: SparsePattern;
  /** [outputs] */
  readonly bias?: tf.Tensor | undefined;
  readonly relu: boolean;
}

function productInputs({ values, pattern, bias }: Product, x: tf.Tensor): Record<string, tf.Tensor> {
  const { starts, columns, transposedStarts, transposedColumns, places } = pattern;
  // What the gradient alone needs goes along, because it is saved from the inputs.
  const ofGradient = { transposedStarts, transposedColumns, transposedPlaces: places };
  return { x, values, starts, columns, taps: columns, ...ofGradient, ...(bias ? { bias } : {}) };
}

/** The gradient of a product from that of its output y, ReLU included. */
function beforeRelu(dy: tf.Tensor, y: tf.Tensor, { relu }: Attributes): tf.Tensor {
  return relu ? tf.mul(dy, tf.step(y)) : dy;
}

const savedOfProduct = [
  'x',
  'values',
  'starts',
  'columns',
  'transposedStarts',
  'transposedColumns',
  'transposedPlaces',
];

/** y = W x (+ bias, ReLU) with the kept weights of W [rows, columns of x]: columns in, columns out. */
export function sparseMatMul(x: tf.Tensor, rows: number, product: Product): tf.Tensor {
  return run('SparseMatMul', productInputs(product, x), { rows, relu: product.relu });
}

tf.registerGradient({
  kernelName: 'SparseMatMul',
  inputsToSave: savedOfProduct,
  outputsToSave: [true],
  gradFunc: (dys, saved, attrs) => {
    const [x, values, starts, columns, transposedStarts, transposedColumns, places, y] = saved;
    const dy = beforeRelu(dys as tf.Tensor, y, attrs as Attributes);
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

const forwardNumbers = (shape: ConvShape): number[] => [
  ...[shape.channels, ...shape.size, 1, 1, shape.outChannels, ...shape.outSize],
  ...[...shape.strides, ...shape.kernel, ...shape.before],
];

/** The input gradient as a convolution of dy, moved apart by the stride, with the kernel turned round. */
const backwardNumbers = ({ channels, size, outChannels, outSize, strides, kernel, before }: ConvShape): number[] => [
  ...[outChannels, ...outSize, ...strides, channels, ...size],
  ...[1, 1, ...kernel, kernel[0] - 1 - before[0], kernel[1] - 1 - before[1]],
];

/** Convolution with the kept weights: tiles in, tiles out. */
export function sparseConv(x: tf.Tensor, shape: ConvShape, product: Product): tf.Tensor {
  const attrs = { conv: forwardNumbers(shape), backward: backwardNumbers(shape), relu: product.relu };
  return run('SparseConv', productInputs(product, x), attrs);
}

tf.registerGradient({
  kernelName: 'SparseConv',
  inputsToSave: savedOfProduct,
  outputsToSave: [true],
  gradFunc: (dys, saved, attrs) => {
    const [x, values, starts, taps, transposedStarts, transposedTaps, places, y] = saved;
    const dy = beforeRelu(dys as tf.Tensor, y, attrs as Attributes);
    return {
      x: () => {
        const transposed = { starts: transposedStarts, taps: transposedTaps, places };
        return run('SparseConv', { x: dy, values, ...transposed }, { conv: attrs.backward, relu: false });
      },
      values: () => run('SparseConvValues', { x, dy, starts, taps }, { conv: attrs.conv }),
      // Lanes without an image have no gradient.
      bias: () => tf.sum(tf.sum(dy, [2, 3, 4]), 0),
    };
  },
});

/** [m, n] -> [n, m]: between [N, features] and columns. */
export function transposeMatrix(x: tf.Tensor): tf.Tensor {
  return run('TransposeMatrix', { x });
}

tf.registerGradient({
  kernelName: 'TransposeMatrix',
  gradFunc: (dy) => ({ x: () => transposeMatrix(dy as tf.Tensor) }),
});

export function imagesToTiles(x: tf.Tensor): tf.Tensor {
  return run('ImagesToTiles', { x }, { images: x.shape[0] });
}

tf.registerGradient({
  kernelName: 'ImagesToTiles',
  gradFunc: (dy, _, attrs) => ({ x: () => tilesToImages(dy as tf.Tensor, attrs.images as number) }),
});

export function tilesToImages(x: tf.Tensor, images: number): tf.Tensor {
  return run('TilesToImages', { x }, { images });
}

tf.registerGradient({
  kernelName: 'TilesToImages',
  gradFunc: (dy) => ({ x: () => imagesToTiles(dy as tf.Tensor) }),
});

/** Mean over the pixels: tiles -> columns [channels, images]. */
export function tileGlobalAverage(x: tf.Tensor, images: number): tf.Tensor {
  return run('TileGlobalAverage', { x }, { images, height: x.shape[2], width: x.shape[3] });
}

tf.registerGradient({
  kernelName: 'TileGlobalAverage',
  gradFunc: (dy, _, { height, width }) => ({
    x: () => run('TileGlobalAverageGrad', { dy: dy as tf.Tensor }, { height, width }),
  }),
});

/** Every stride-th pixel, between channels of zeros. */
export function tileSubsamplePad(x: tf.Tensor, images: number, stride: number, channels: number): tf.Tensor {
  return run('TileSubsamplePad', { x }, { images, stride, channels, shape: x.shape });
}

tf.registerGradient({
  kernelName: 'TileSubsamplePad',
  gradFunc: (dy, _, { images, stride, shape }) => ({
    x: () => run('TileSubsamplePadGrad', { dy: dy as tf.Tensor }, { images, stride, shape }),
  }),
});

/** Core's `batchNormTraining` over tiles. */
export function tileBatchNorm(
  x: tf.Tensor,
  gamma: tf.Tensor1D,
  beta: tf.Tensor1D,
  images: number,
  { epsilon, relu, residual }: BatchNormTrainingOptions,
): BatchNormTrainingResult {
  const inputs = { x, gamma, beta, ...(residual ? { residual } : {}) };
  const attrs = { epsilon, relu, residual: residual !== undefined, images };
  const [y, mean, variance] = run<tf.Tensor[]>('TileBatchNormTraining', inputs, attrs);
  return { y, mean: mean as tf.Tensor1D, variance: variance as tf.Tensor1D };
}

tf.registerGradient({
  kernelName: 'TileBatchNormTraining',
  inputsToSave: ['x', 'gamma', 'beta'],
  outputsToSave: [true, true, true],
  gradFunc: (dys, saved, attrs) => {
    const [x, gamma, beta, y, mean, variance] = saved;
    const inputs = { dy: (dys as tf.Tensor[])[0], x, y, gamma, beta, mean, variance };
    // Run now, not inside the getters: what the first getter's tidy creates is gone when the second is called.
    const [dx, dgamma, dbeta, dresidual] = run<tf.Tensor[]>('TileBatchNormTrainingGrad', inputs, attrs);
    return { x: () => dx, gamma: () => dgamma, beta: () => dbeta, ...(dresidual ? { residual: () => dresidual } : {}) };
  },
});
