/** What cc/conv/ computes, as one loop over all products of a convolution (NHWC, filters HWIO). */
export interface Convolution {
  readonly images: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly outChannels: number;
  readonly filterHeight: number;
  readonly filterWidth: number;
  readonly strideY: number;
  readonly strideX: number;
  readonly dilationY: number;
  readonly dilationX: number;
  readonly top: number;
  readonly left: number;
}

/** Calls body with the places of x, of the filter and of y for each product; what lies outside the image is zero. */
function eachProduct(s: Convolution, body: (x: number, filter: number, y: number) => void): void {
  for (let n = 0; n < s.images; n++)
    for (let i = 0; i < s.outHeight; i++)
      for (let j = 0; j < s.outWidth; j++)
        for (let a = 0; a < s.filterHeight; a++)
          for (let b = 0; b < s.filterWidth; b++) {
            const row = i * s.strideY - s.top + a * s.dilationY;
            const column = j * s.strideX - s.left + b * s.dilationX;
            if (row < 0 || row >= s.height || column < 0 || column >= s.width) continue;
            const from = ((n * s.height + row) * s.width + column) * s.channels;
            const to = ((n * s.outHeight + i) * s.outWidth + j) * s.outChannels;
            const taps = (a * s.filterWidth + b) * s.channels * s.outChannels;
            for (let c = 0; c < s.channels; c++)
              for (let o = 0; o < s.outChannels; o++) body(from + c, taps + c * s.outChannels + o, to + o);
          }
}

/** y, summed in float64. */
export function convolve(s: Convolution, x: Float32Array, filter: Float32Array): Float64Array {
  const y = new Float64Array(s.images * s.outHeight * s.outWidth * s.outChannels);
  eachProduct(s, (from, tap, to) => {
    y[to]! += x[from]! * filter[tap]!;
  });
  return y;
}

/** The gradient of x. */
export function inputGradient(s: Convolution, dy: Float32Array, filter: Float32Array): Float64Array {
  const dx = new Float64Array(s.images * s.height * s.width * s.channels);
  eachProduct(s, (from, tap, to) => {
    dx[from]! += dy[to]! * filter[tap]!;
  });
  return dx;
}

/** The gradient of the filter. */
export function filterGradient(s: Convolution, x: Float32Array, dy: Float32Array): Float64Array {
  const dw = new Float64Array(s.filterHeight * s.filterWidth * s.channels * s.outChannels);
  eachProduct(s, (from, tap, to) => {
    dw[tap]! += x[from]! * dy[to]!;
  });
  return dw;
}
