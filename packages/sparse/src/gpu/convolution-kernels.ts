import { quotient } from './product-kernels.ts';
import type { Thread, Values } from './thread.ts';

/*
 * Convolutions over images [channels, height, width, n] with zeros around them, in GPU.js's subset of JavaScript; see
 * product-kernels.ts. A kept weight i has a tap (tapRows[i], tapColumns[i]), dilated, relative to its window's corner.
 */

export type Geometry = 'n' | 'height' | 'width' | 'outHeight' | 'outWidth' | 'strideY' | 'strideX' | 'top' | 'left';

/** An input lies offsets[i] pixels behind its window's corner: output [filters * outHeight * outWidth * n]. */
export function sparseConvolution(
  this: Thread<Geometry | 'relu'>,
  rowStarts: Values,
  offsets: Values,
  tapRows: Values,
  tapColumns: Values,
  values: Values,
  bias: Values,
  x: Values,
): number {
  const pixel = quotient(this.thread.x, this.constants.n);
  const n = this.thread.x - pixel * this.constants.n;
  const line = quotient(pixel, this.constants.outWidth);
  const filter = quotient(line, this.constants.outHeight);
  const top = (line - filter * this.constants.outHeight) * this.constants.strideY - this.constants.top;
  const left = (pixel - line * this.constants.outWidth) * this.constants.strideX - this.constants.left;
  const corner = top * this.constants.width + left;
  const end = rowStarts[filter + 1];
  let sum = bias[filter];
  for (let i = rowStarts[filter]; i < end; i += 1) {
    const row = top + tapRows[i];
    const column = left + tapColumns[i];
    if (row >= 0 && row < this.constants.height && column >= 0 && column < this.constants.width) {
      sum += values[i] * x[(corner + offsets[i]) * this.constants.n + n];
    }
  }
  if (this.constants.relu === 1 && sum < 0) {
    sum = 0;
  }
  return sum;
}

/**
 * The kept weights sorted by input channel; weight i of that order stands at places[i] of `values` and belongs to filters[i]:
 * output [channels * height * width * n].
 */
export function convolutionInputGradient(
  this: Thread<Geometry>,
  channelStarts: Values,
  filters: Values,
  tapRows: Values,
  tapColumns: Values,
  places: Values,
  values: Values,
  dy: Values,
): number {
  const pixel = quotient(this.thread.x, this.constants.n);
  const n = this.thread.x - pixel * this.constants.n;
  const line = quotient(pixel, this.constants.width);
  const channel = quotient(line, this.constants.height);
  const bottom = line - channel * this.constants.height + this.constants.top;
  const right = pixel - line * this.constants.width + this.constants.left;
  const end = channelStarts[channel + 1];
  let sum = 0;
  for (let i = channelStarts[channel]; i < end; i += 1) {
    const top = bottom - tapRows[i];
    const left = right - tapColumns[i];
    const row = quotient(top, this.constants.strideY);
    const column = quotient(left, this.constants.strideX);
    // Strides leave inputs out: a tap that meets this pixel between two windows contributes nothing.
    if (row * this.constants.strideY === top && column * this.constants.strideX === left) {
      if (row >= 0 && row < this.constants.outHeight && column >= 0 && column < this.constants.outWidth) {
        const out = (filters[i] * this.constants.outHeight + row) * this.constants.outWidth + column;
        sum += values[places[i]] * dy[out * this.constants.n + n];
      }
    }
  }
  return sum;
}

/** At the kept weights: output [kept positions]. Each pixel's images are summed on their own first, which keeps rounding small. */
export function convolutionWeightGradient(
  this: Thread<Geometry>,
  filters: Values,
  channels: Values,
  tapRows: Values,
  tapColumns: Values,
  dy: Values,
  x: Values,
): number {
  const above = tapRows[this.thread.x] - this.constants.top;
  const before = tapColumns[this.thread.x] - this.constants.left;
  const outLine = filters[this.thread.x] * this.constants.outHeight;
  const inLine = channels[this.thread.x] * this.constants.height;
  let sum = 0;
  for (let outRow = 0; outRow < this.constants.outHeight; outRow++) {
    const row = outRow * this.constants.strideY + above;
    if (row >= 0 && row < this.constants.height) {
      for (let outColumn = 0; outColumn < this.constants.outWidth; outColumn++) {
        const column = outColumn * this.constants.strideX + before;
        if (column >= 0 && column < this.constants.width) {
          const out = ((outLine + outRow) * this.constants.outWidth + outColumn) * this.constants.n;
          const at = ((inLine + row) * this.constants.width + column) * this.constants.n;
          let pixel = 0;
          for (let n = 0; n < this.constants.n; n++) {
            pixel += dy[out + n] * x[at + n];
          }
          sum += pixel;
        }
      }
    }
  }
  return sum;
}
