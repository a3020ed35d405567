import { type ParameterArray, sizeOf } from '@prunebench/core';

/*
 * A kernel as a matrix: one row per output unit (neuron or filter), one column per input of it. Kernels end with the output
 * axis ([in, out] and [height, width, in / groups, out]), so flat element i is row i mod outputs, column i div outputs; the
 * columns of a convolution run over rows, columns and channels of its window, channels fastest.
 */

export interface MatrixShape {
  readonly rows: number;
  readonly columns: number;
}

/** Rows and columns of a kernel of this shape. */
export function matrixShape(shape: readonly number[]): MatrixShape {
  const rows = shape[shape.length - 1];
  return { rows, columns: sizeOf(shape.slice(0, -1)) };
}

/**
 * Which elements of the kernel are stored: those the mask keeps, also where their value is 0 (training may move them); without
 * a mask, those that are not 0.
 *
 * @throws Error when the mask does not fit the kernel
 */
export function keptPositions({ shape, values }: ParameterArray, mask: Uint8Array | undefined): (i: number) => boolean {
  if (sizeOf(shape) !== values.length) throw new Error(`A kernel of shape [${shape}] has ${values.length} values.`);
  if (!mask) return (i) => values[i] !== 0;
  if (mask.length !== values.length)
    throw new Error(`A kernel of ${values.length} values cannot have a mask of ${mask.length}.`);
  return (i) => mask[i] !== 0;
}
