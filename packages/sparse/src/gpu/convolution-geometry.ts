import { type Padding, PrunebenchError, paddingBefore, windowOutput } from '@prunebench/core';
import { type CsrMatrix, eachWeight } from '../storage/csr.ts';
import type { Geometry } from './convolution-kernels.ts';

/** A convolution over images [channels, height, width, batch]; the rows of its matrix are filters, see `csrFromKernel`. */
export interface ConvolutionShape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly kernelSize: readonly [height: number, width: number];
  readonly strides?: readonly [height: number, width: number];
  readonly dilation?: readonly [height: number, width: number];
  readonly padding: Padding;
  readonly groups?: number;
}

/** Where each kept weight of a convolution stands, and the sizes that its kernels need. */
export interface ConvolutionGeometry {
  readonly outHeight: number;
  readonly outWidth: number;
  /** Of the kernels in convolution-kernels.ts. */
  readonly constants: Readonly<Record<Geometry, number>>;
  /** Per kept weight. */
  readonly filters: Float32Array;
  readonly channels: Float32Array;
  readonly tapRows: Float32Array;
  readonly tapColumns: Float32Array;
  /** Pixels from a window's corner to the weight's input. */
  readonly offsets: Float32Array;
}

/** @throws PrunebenchError when the matrix is not one of this convolution, or no window fits */
export function convolutionGeometry(matrix: CsrMatrix, shape: ConvolutionShape, n: number): ConvolutionGeometry {
  const { height, width, channels, kernelSize, padding, groups = 1 } = shape;
  const [strides, dilation] = [shape.strides ?? [1, 1], shape.dilation ?? [1, 1]];
  const depth = channels / groups;
  if (matrix.columns !== kernelSize[0] * kernelSize[1] * depth || matrix.rows % groups !== 0)
    throw new PrunebenchError(
      `A ${matrix.rows} x ${matrix.columns} matrix is no ${kernelSize.join(' x ')} convolution of ${channels} channels in ${groups} groups.`,
    );
  const sizes = [height, width];
  const [outHeight, outWidth] = sizes.map((size, axis) =>
    windowOutput(size, kernelSize[axis], strides[axis], dilation[axis], padding),
  );
  if (outHeight < 1 || outWidth < 1)
    throw new PrunebenchError(`A ${kernelSize.join(' x ')} window does not fit into ${height} x ${width} pixels.`);
  const [top, left] = sizes.map((size, axis) =>
    paddingBefore(size, kernelSize[axis], strides[axis], dilation[axis], padding),
  );
  const taps = (): Float32Array => new Float32Array(matrix.values.length);
  const positions = { filters: taps(), channels: taps(), tapRows: taps(), tapColumns: taps(), offsets: taps() };
  eachWeight(matrix, (filter, column, _value, i) => {
    const tap = Math.floor(column / depth);
    positions.filters[i] = filter;
    positions.channels[i] = Math.floor(filter / (matrix.rows / groups)) * depth + (column % depth);
    positions.tapRows[i] = Math.floor(tap / kernelSize[1]) * dilation[0];
    positions.tapColumns[i] = (tap % kernelSize[1]) * dilation[1];
    positions.offsets[i] = (positions.channels[i] * height + positions.tapRows[i]) * width + positions.tapColumns[i];
  });
  const constants = { n, height, width, outHeight, outWidth, strideY: strides[0], strideX: strides[1], top, left };
  return { outHeight, outWidth, constants, ...positions };
}

/** The kept weights in the order of the input channels they read, and where each channel's begin. */
export function weightsByChannel(channels: Float32Array, count: number): { starts: Float32Array; order: Int32Array } {
  const starts = new Float32Array(count + 1);
  for (const channel of channels) starts[channel + 1]++;
  for (let channel = 0; channel < count; channel++) starts[channel + 1] += starts[channel];
  const order = Int32Array.from(channels, (_, i) => i).sort((a, b) => channels[a] - channels[b] || a - b);
  return { starts, order };
}
