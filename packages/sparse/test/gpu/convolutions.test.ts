// Sparse convolutions in GPU.js and their gradients, in every mode that this machine has, against loops in float64 over
// TensorFlow's definition of windows.
import { type ConvolutionShape, eachWeight } from '../../src/index.ts';
import { randomValues } from '../support.ts';
import { inEveryMode, randomCsr, withinBound } from './support.ts';

interface Case extends Required<ConvolutionShape> {
  readonly filters: number;
  readonly n: number;
  readonly density: number;
  /** Written down by hand: output size and zeros before the image. */
  readonly out: readonly [height: number, width: number];
  readonly before: readonly [top: number, left: number];
}

const plain = { strides: [1, 1], dilation: [1, 1], groups: 1, density: 0.4 } as const;
const cases: readonly Case[] = [
  {
    ...plain,
    height: 6,
    width: 5,
    channels: 3,
    filters: 4,
    n: 4,
    kernelSize: [3, 3],
    padding: 'same',
    out: [6, 5],
    before: [1, 1],
  },
  // 'same' with a stride: 7 rows need 2 more (1 before), 6 columns 1 more (none before).
  {
    ...plain,
    height: 7,
    width: 6,
    channels: 7,
    filters: 5,
    n: 1,
    kernelSize: [3, 3],
    strides: [2, 2],
    padding: 'same',
    out: [4, 3],
    before: [1, 0],
  },
  {
    ...plain,
    height: 9,
    width: 8,
    channels: 2,
    filters: 3,
    n: 3,
    kernelSize: [5, 3],
    strides: [2, 1],
    padding: 'valid',
    out: [3, 6],
    before: [0, 0],
  },
  {
    ...plain,
    height: 6,
    width: 6,
    channels: 3,
    filters: 2,
    n: 4,
    kernelSize: [3, 3],
    dilation: [2, 2],
    padding: 'same',
    out: [6, 6],
    before: [2, 2],
  },
  {
    ...plain,
    height: 5,
    width: 5,
    channels: 4,
    filters: 6,
    n: 2,
    kernelSize: [3, 3],
    groups: 2,
    density: 1,
    padding: 'same',
    out: [5, 5],
    before: [1, 1],
  },
  {
    ...plain,
    height: 4,
    width: 4,
    channels: 3,
    filters: 2,
    n: 2,
    kernelSize: [1, 1],
    density: 0,
    padding: 'valid',
    out: [4, 4],
    before: [0, 0],
  },
];

for (const one of cases) {
  const { height, width, channels, filters, n, kernelSize, strides, dilation, groups, padding, density, out, before } =
    one;
  const title = `${kernelSize.join(' x ')} convolution ${channels}-${filters} of ${n} images ${height} x ${width}, stride ${strides}, dilation ${dilation}, ${groups} group(s), ${padding}, density ${density}`;
  inEveryMode(`${title}, and its gradients`, async (t, gpu) => {
    const depth = channels / groups;
    const matrix = randomCsr(filters, kernelSize[0] * kernelSize[1] * depth, density);
    const [x, bias] = [randomValues(channels * height * width * n, 3), randomValues(filters, 4)];
    const dy = randomValues(filters * out[0] * out[1] * n, 5);
    const y = Float64Array.from(dy, (_, i) => bias[Math.floor(i / (out[0] * out[1] * n))]);
    const dx = new Float64Array(x.length);
    const dw = new Float64Array(matrix.values.length);
    eachWeight(matrix, (filter, position, value, index) => {
      const c = Math.floor(filter / (filters / groups)) * depth + (position % depth);
      const [ky, kx] = [Math.floor(position / depth / kernelSize[1]), Math.floor(position / depth) % kernelSize[1]];
      for (let oy = 0; oy < out[0]; oy++)
        for (let ox = 0; ox < out[1]; ox++) {
          const iy = oy * strides[0] - before[0] + ky * dilation[0];
          const ix = ox * strides[1] - before[1] + kx * dilation[1];
          if (iy < 0 || iy >= height || ix < 0 || ix >= width) continue;
          for (let k = 0; k < n; k++) {
            const to = ((filter * out[0] + oy) * out[1] + ox) * n + k;
            const from = ((c * height + iy) * width + ix) * n + k;
            y[to] += value * x[from];
            dx[from] += value * dy[to];
            dw[index] += dy[to] * x[from];
          }
        }
    });
    const convolution = gpu.convolution(matrix, one, n, { bias, relu: true });
    const inputGradient = gpu.convolutionInputGradient(matrix, one, n);
    const weightGradient = gpu.convolutionWeightGradient(matrix, one, n);
    const found = await gpu
      .program((input, gradient) => ({
        y: convolution(input),
        dx: inputGradient(gradient),
        dw: weightGradient(gradient, input),
      }))
      .run(x, dy);
    withinBound(t, found, { y: y.map((value) => Math.max(0, value)), dx, dw });
  });
}
