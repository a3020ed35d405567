import type { CsrMatrix } from '../storage/csr.ts';

/**
 * What a compiled network does, after batch norm has been folded and ReLUs and additions have been merged into the products
 * before them. Tensors are images [height, width, channels]; features are images of one pixel.
 */
export interface Program {
  readonly tensors: readonly TensorShape[];
  readonly input: TensorId;
  readonly output: TensorId;
  /** In an order in which every operation follows those it reads from. */
  readonly operations: readonly Operation[];
}

/** Index into `Program.tensors`. */
export type TensorId = number;

export interface TensorShape {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

interface Unary {
  readonly input: TensorId;
  readonly output: TensorId;
}

/** A window that moves over an image; what lies outside the image is zero (or, for pooling, not there). */
export interface Window {
  readonly size: readonly [height: number, width: number];
  readonly strides: readonly [height: number, width: number];
  readonly dilation: readonly [height: number, width: number];
  readonly top: number;
  readonly left: number;
}

/** A convolution or a dense layer, with what follows it: y = relu(weights x + bias + residual). */
export interface Product extends Unary {
  readonly kind: 'product';
  /** Of the layer. */
  readonly name: string;
  /** Rows are outputs; column (ky * width + kx) * channels + c is input channel c of the group at (ky, kx) of the window. */
  readonly weights: CsrMatrix;
  /** One per output. */
  readonly bias: Float32Array;
  readonly window: Window;
  readonly groups: number;
  readonly residual: TensorId | undefined;
  readonly relu: boolean;
}

export interface Pooling extends Unary {
  readonly kind: 'maxPool' | 'avgPool';
  readonly window: Window;
}

export interface GlobalAverage extends Unary {
  readonly kind: 'globalAverage';
}

export interface Addition extends Unary {
  readonly kind: 'add';
  readonly other: TensorId;
}

/** A batch norm that no product precedes. */
export interface ScaleShift extends Unary {
  readonly kind: 'scaleShift';
  readonly scale: Float32Array;
  readonly shift: Float32Array;
}

export interface Activate extends Unary {
  readonly kind: 'activation';
  readonly activation: 'relu' | 'tanh' | 'sigmoid';
}

export interface SubsamplePadding extends Unary {
  readonly kind: 'subsamplePad';
  readonly stride: number;
  /** Zero channels before the input's. */
  readonly before: number;
}

/** Feature (y * width + x) * channels + c is channel c of pixel (y, x). */
export interface Flattening extends Unary {
  readonly kind: 'flatten';
}

/**
 * Every stride-th row and column of an image as planes of their own, so that a strided product becomes one of stride 1: plane
 * (channel, row phase, column phase) holds the pixels (y * strideY + row phase - top, x * strideX + column phase - left).
 */
export interface PhaseSplit extends Unary {
  readonly kind: 'phases';
  readonly strides: readonly [height: number, width: number];
  readonly top: number;
  readonly left: number;
}

export type Operation =
  | Product
  | Pooling
  | GlobalAverage
  | Addition
  | ScaleShift
  | Activate
  | SubsamplePadding
  | Flattening
  | PhaseSplit;

/** The tensors that an operation reads. */
export function readsOf(operation: Operation): readonly TensorId[] {
  if (operation.kind === 'add') return [operation.input, operation.other];
  if (operation.kind === 'product' && operation.residual !== undefined) return [operation.input, operation.residual];
  return [operation.input];
}
