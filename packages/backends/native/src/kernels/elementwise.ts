// Elementwise kernels on float32. C++: cc/elementwise.cc, whose operator codes these tables repeat.
import { backend_util, type TensorInfo } from '@tensorflow/tfjs-core';
import { isFloat, type KernelBody, type KernelCall, type Kernels, sizeOf } from './kernel.ts';

const unaryCodes = {
  Relu: 0,
  Step: 1,
  Neg: 2,
  Abs: 3,
  Square: 4,
  Sqrt: 5,
  Rsqrt: 6,
  Exp: 7,
  Log: 8,
  Sigmoid: 9,
  Tanh: 10,
  Relu6: 11,
  Reciprocal: 12,
} as const;

const binaryCodes = {
  Add: 0,
  Sub: 1,
  Multiply: 2,
  RealDiv: 3,
  Maximum: 4,
  Minimum: 5,
  SquaredDifference: 6,
  ReluGrad: 7,
} as const;

const maxRank = 8;

const unary =
  (code: number): KernelBody =>
  ({ backend, inputs, attrs, fallback }) => {
    const x = inputs.x!;
    if (!isFloat(x)) return fallback();
    const out = backend.output(x.shape);
    backend.invoke('Unary', [x, out], [code, sizeOf(x.shape), attrs?.alpha ?? 0]);
    return out;
  };

interface Dimension {
  size: number;
  strideA: number;
  strideB: number;
}

/** Strides of a shape within a broadcast shape: 0 where it repeats. */
function broadcastStrides(shape: readonly number[], rank: number): number[] {
  const strides = Array<number>(rank).fill(0);
  let stride = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    if (shape[d] !== 1) strides[rank - shape.length + d] = stride;
    stride *= shape[d]!;
  }
  return strides;
}

/** The dimensions of a broadcast, neighbours merged where both operands run through them evenly. */
export function mergeDimensions(out: readonly number[], a: readonly number[], b: readonly number[]): Dimension[] {
  const stridesA = broadcastStrides(a, out.length);
  const stridesB = broadcastStrides(b, out.length);
  const merged: Dimension[] = [];
  for (let d = 0; d < out.length; d++) {
    const [size, strideA, strideB] = [out[d]!, stridesA[d]!, stridesB[d]!];
    if (size === 1) continue;
    const outer = merged.at(-1);
    if (outer && outer.strideA === strideA * size && outer.strideB === strideB * size) {
      merged[merged.length - 1] = { size: outer.size * size, strideA, strideB };
    } else {
      merged.push({ size, strideA, strideB });
    }
  }
  return merged.length > 0 ? merged : [{ size: 1, strideA: 1, strideB: 1 }];
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, d) => size === b[d]);
}

const binary =
  (code: number): KernelBody =>
  ({ backend, inputs, fallback }: KernelCall) => {
    const { a, b } = inputs as Record<string, TensorInfo>;
    if (!isFloat(a, b)) return fallback();
    if (sameShape(a!.shape, b!.shape)) {
      const out = backend.output(a!.shape);
      backend.invoke('Binary', [a, b, out], [code, 1, sizeOf(a!.shape), 1, 1]);
      return out;
    }
    const shape = backend_util.assertAndGetBroadcastShape(a!.shape, b!.shape);
    const dimensions = mergeDimensions(shape, a!.shape, b!.shape);
    if (dimensions.length > maxRank) return fallback();
    const out = backend.output(shape);
    const numbers = [code, dimensions.length];
    for (const key of ['size', 'strideA', 'strideB'] as const) for (const d of dimensions) numbers.push(d[key]);
    if (sizeOf(shape) > 0) backend.invoke('Binary', [a, b, out], numbers);
    return out;
  };

const cast: KernelBody = ({ backend, inputs, attrs, fallback }) => {
  const x = inputs.x!;
  if (attrs.dtype === x.dtype && x.dtype !== 'complex64') return backend.alias(x);
  if (attrs.dtype !== 'float32' || (x.dtype !== 'int32' && x.dtype !== 'bool')) return fallback();
  const out = backend.output(x.shape);
  backend.invoke('CastToFloat', [x, out], [sizeOf(x.shape), Number(x.dtype === 'bool')]);
  return out;
};

const fillWith =
  (value: number): KernelBody =>
  ({ backend, inputs, fallback }) => {
    const x = inputs.x!;
    if (!isFloat(x)) return fallback();
    const out = backend.output(x.shape);
    backend.invoke('Fill', [out], [sizeOf(x.shape), value]);
    return out;
  };

const fill: KernelBody = ({ backend, attrs, fallback }) => {
  if ((attrs.dtype ?? 'float32') !== 'float32' || typeof attrs.value !== 'number') return fallback();
  const out = backend.output(attrs.shape);
  backend.invoke('Fill', [out], [sizeOf(attrs.shape), attrs.value]);
  return out;
};

/** Gradient of ReLU: dy where x > 0. Inputs dy and x (or y, which has the same sign), of one shape. */
const reluGrad: KernelBody = ({ backend, inputs }) => {
  const { dy, x } = inputs as Record<string, TensorInfo>;
  const out = backend.output(dy!.shape);
  backend.invoke('Binary', [dy, x, out], [binaryCodes.ReluGrad, 1, sizeOf(dy!.shape), 1, 1]);
  return out;
};

export const elementwiseKernels: Kernels = {
  ...Object.fromEntries(Object.entries(unaryCodes).map(([name, code]) => [name, unary(code)])),
  ...Object.fromEntries(Object.entries(binaryCodes).map(([name, code]) => [name, binary(code)])),
  ReluGrad: reluGrad,
  Cast: cast,
  ZerosLike: fillWith(0),
  OnesLike: fillWith(1),
  Fill: fill,
};
