import { type Padding, windowOutput } from '@prunebench/core';

/** Zeros before the image along one axis: of what TensorFlow's `same` windows need beyond the image, the smaller half. */
export function paddingBefore(input: number, size: number, stride: number, dilation: number, padding: Padding): number {
  if (padding === 'valid') return 0;
  const needed = (windowOutput(input, size, stride, dilation, padding) - 1) * stride + (size - 1) * dilation + 1;
  return Math.floor(Math.max(0, needed - input) / 2);
}
