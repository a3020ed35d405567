// How the shapes of a binary operator's operands meet (cc/elementwise/broadcast.h).
import { backend_util, type TensorInfo } from '@tensorflow/tfjs-core';
import { sizeOf } from './kernel.ts';

const maxRank = 8;

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
function mergeDimensions(out: readonly number[], a: readonly number[], b: readonly number[]): Dimension[] {
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

export interface BroadcastCall {
  shape: number[];
  size: number;
  /** As the kernels read them. */
  numbers: { rank: number; sizes: number[]; stridesA: number[]; stridesB: number[] };
}

/** Of two tensors of one shape. */
export const evenNumbers = (size: number): BroadcastCall['numbers'] => ({
  rank: 1,
  sizes: [size],
  stridesA: [1],
  stridesB: [1],
});

/**
 * The result's shape and the numbers to call with; nothing where there are more dimensions than the kernels take.
 * @throws Error when the shapes do not go together
 */
export function broadcast(a: TensorInfo, b: TensorInfo): BroadcastCall | undefined {
  if (sameShape(a.shape, b.shape)) {
    const size = sizeOf(a.shape);
    return { shape: a.shape, size, numbers: evenNumbers(size) };
  }
  const shape = backend_util.assertAndGetBroadcastShape(a.shape, b.shape);
  const dimensions = mergeDimensions(shape, a.shape, b.shape);
  if (dimensions.length > maxRank) return undefined;
  const numbers = {
    rank: dimensions.length,
    sizes: dimensions.map(({ size }) => size),
    stridesA: dimensions.map(({ strideA }) => strideA),
    stridesB: dimensions.map(({ strideB }) => strideB),
  };
  return { shape, size: sizeOf(shape), numbers };
}
