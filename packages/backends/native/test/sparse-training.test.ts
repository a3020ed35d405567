// The kernels of sparse training against loops in float64 over the dense, masked layer.
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { setThreads } from '../src/index.ts';
import { assertClose, randomTensor, randomValues, useNative } from './support.ts';

test.before(() => useNative());

const run = (name: string, inputs: Record<string, tf.Tensor>, attrs: object = {}) =>
  tf.engine().runKernel(name, inputs as never, attrs as never) as unknown as tf.Tensor;
const indices = (values: number[]) => tf.tensor1d(Int32Array.from(values), 'int32');
const read = (tensor: tf.Tensor) => tensor.dataSync() as Float32Array;

interface Case {
  images: number;
  size: [number, number];
  channels: number;
  outChannels: number;
  kernel: [number, number];
  strides: [number, number];
  before: [number, number];
  outSize: [number, number];
  density: number;
}

const square = (size: number): [number, number] => [size, size];
const cases: Case[] = [
  {
    images: 20,
    size: [7, 9],
    channels: 3,
    outChannels: 5,
    kernel: [3, 3],
    strides: [1, 1],
    before: [1, 1],
    outSize: [7, 9],
    density: 0.4,
  },
  {
    images: 16,
    size: square(8),
    channels: 4,
    outChannels: 6,
    kernel: [3, 3],
    strides: [2, 2],
    before: [0, 0],
    outSize: square(4),
    density: 0.3,
  },
  {
    images: 3,
    size: [9, 7],
    channels: 2,
    outChannels: 3,
    kernel: [3, 3],
    strides: [2, 2],
    before: [1, 1],
    outSize: [5, 4],
    density: 0.6,
  },
  {
    images: 33,
    size: square(12),
    channels: 2,
    outChannels: 4,
    kernel: [5, 5],
    strides: [1, 1],
    before: [0, 0],
    outSize: square(8),
    density: 0.2,
  },
  {
    images: 17,
    size: [5, 20],
    channels: 3,
    outChannels: 2,
    kernel: [1, 1],
    strides: [2, 2],
    before: [0, 0],
    outSize: [3, 10],
    density: 0.7,
  },
  {
    images: 16,
    size: [6, 5],
    channels: 2,
    outChannels: 2,
    kernel: [2, 3],
    strides: [1, 2],
    before: [0, 1],
    outSize: [6, 3],
    density: 1,
  },
  // Several bands of rows.
  {
    images: 5,
    size: [33, 32],
    channels: 24,
    outChannels: 3,
    kernel: [3, 3],
    strides: [1, 1],
    before: [1, 1],
    outSize: [33, 32],
    density: 0.1,
  },
];

interface Weight {
  output: number;
  channel: number;
  y: number;
  x: number;
  value: number;
}

function keptWeights({ channels, outChannels, kernel, density }: Case): Weight[] {
  const size = outChannels * channels * kernel[0] * kernel[1];
  const [draws, values] = [randomValues(size, 1), randomValues(size, 2)];
  const kept: Weight[] = [];
  for (let i = 0; i < size; i++) {
    if (draws[i]! >= 2 * density - 1) continue;
    const tap = i % (kernel[0] * kernel[1]);
    const plane = Math.floor(i / (kernel[0] * kernel[1]));
    const [y, x] = [Math.floor(tap / kernel[1]), tap % kernel[1]];
    kept.push({ output: Math.floor(plane / channels), channel: plane % channels, y, x, value: values[i]! });
  }
  return kept;
}

function startsOf(rows: number, rowOf: number[]): tf.Tensor {
  return indices(Array.from({ length: rows + 1 }, (_, row) => rowOf.filter((of) => of < row).length));
}

/** Calls body for every weight at every output pixel of every image whose input lies inside. */
function eachProduct(
  one: Case,
  weights: Weight[],
  body: (weight: number, input: number, output: number) => void,
): void {
  const { images, size, channels, outChannels, strides, before, outSize } = one;
  for (let n = 0; n < images; n++)
    for (let i = 0; i < outSize[0]; i++)
      for (let j = 0; j < outSize[1]; j++)
        for (const [w, { output, channel, y, x }] of weights.entries()) {
          const [row, column] = [i * strides[0] + y - before[0], j * strides[1] + x - before[1]];
          if (row < 0 || row >= size[0] || column < 0 || column >= size[1]) continue;
          const input = ((n * size[0] + row) * size[1] + column) * channels + channel;
          body(w, input, ((n * outSize[0] + i) * outSize[1] + j) * outChannels + output);
        }
}

function tensorsOf(one: Case, weights: Weight[]) {
  const { images, size, channels, outChannels, kernel, strides, before, outSize } = one;
  const x = randomTensor([images, ...size, channels], 3);
  const dy = randomTensor([images, ...outSize, outChannels], 4);
  const order = weights.map((_, i) => i).sort((a, b) => weights[a]!.channel - weights[b]!.channel || a - b);
  return {
    x,
    dy,
    tiles: run('ImagesToTiles', { x }),
    dyTiles: run('ImagesToTiles', { x: dy }),
    values: tf.tensor1d(weights.map(({ value }) => value)),
    starts: startsOf(
      outChannels,
      weights.map(({ output }) => output),
    ),
    taps: indices(weights.map(({ channel, y, x: column }) => (channel << 16) | (y << 8) | column)),
    transposed: {
      starts: startsOf(
        channels,
        weights.map(({ channel }) => channel),
      ),
      taps: indices(
        order.map((i) => {
          const { output, y, x: column } = weights[i]!;
          return (output << 16) | ((kernel[0] - 1 - y) << 8) | (kernel[1] - 1 - column);
        }),
      ),
      places: indices(order),
    },
    forward: [channels, ...size, 1, 1, outChannels, ...outSize, ...strides, ...kernel, ...before],
    backward: [
      ...[outChannels, ...outSize, ...strides, channels, ...size, 1, 1, ...kernel],
      ...[kernel[0] - 1 - before[0], kernel[1] - 1 - before[1]],
    ],
  };
}

const BOUND = 2e-6;

for (const one of cases) {
  const { images, size, channels, outChannels, kernel, strides, outSize } = one;
  const name = `${images} images ${size} x ${channels}, ${kernel} kernels, strides ${strides}, density ${one.density}`;

  test.serial(`convolution: ${name}`, (t) => {
    const weights = keptWeights(one);
    const { x, tiles, values, starts, taps, forward } = tensorsOf(one, weights);
    const bias = randomTensor([outChannels], 5);
    const inputs = read(x);
    const expected = new Float64Array(images * outSize[0] * outSize[1] * outChannels);
    eachProduct(one, weights, (w, input, output) => {
      expected[output]! += weights[w]!.value * inputs[input]!;
    });
    const plain = run('SparseConv', { x: tiles, values, starts, taps }, { conv: forward, relu: false });
    assertClose(t, read(run('TilesToImages', { x: plain }, { images })), expected, BOUND, 'product');
    const shift = read(bias);
    const relu = expected.map((value, i) => Math.max(0, value + shift[i % outChannels]!));
    const fused = run('SparseConv', { x: tiles, values, starts, taps, bias }, { conv: forward, relu: true });
    assertClose(t, read(run('TilesToImages', { x: fused }, { images })), relu, BOUND, 'bias and ReLU');
  });

  test.serial(`gradients: ${name}`, (t) => {
    const weights = keptWeights(one);
    const { x, dy, tiles, dyTiles, values, starts, taps, transposed, forward, backward } = tensorsOf(one, weights);
    const [inputs, slopes] = [read(x), read(dy)];
    const dx = new Float64Array(inputs.length);
    const dw = new Float64Array(weights.length);
    eachProduct(one, weights, (w, input, output) => {
      dx[input]! += weights[w]!.value * slopes[output]!;
      dw[w]! += inputs[input]! * slopes[output]!;
    });
    const toInput = run('SparseConv', { x: dyTiles, values, ...transposed }, { conv: backward, relu: false });
    assertClose(t, read(run('TilesToImages', { x: toInput }, { images })), dx, BOUND, 'input');
    const toWeights = run('SparseConvValues', { x: tiles, dy: dyTiles, starts, taps }, { conv: forward });
    assertClose(t, read(toWeights), dw, 5e-6, 'kept weights');
  });
}

test.serial('the thread count changes no bit of a convolution, its gradients and batch norm', (t) => {
  const one = cases[0]!;
  const weights = keptWeights(one);
  const results = [1, 2, 3].map((threads) => {
    setThreads(threads);
    const { tiles, dyTiles, values, starts, taps, forward } = tensorsOf(one, weights);
    const y = run('SparseConv', { x: tiles, values, starts, taps }, { conv: forward, relu: false });
    const dw = run('SparseConvValues', { x: tiles, dy: dyTiles, starts, taps }, { conv: forward });
    const [gamma, beta] = [randomTensor([3], 6), randomTensor([3], 7)];
    const normed = run('TileBatchNormTraining', { x: tiles, gamma, beta }, { images: 20, epsilon: 1e-3, relu: true });
    return [y, dw, ...(normed as unknown as tf.Tensor[])].map(read);
  });
  setThreads(2);
  t.deepEqual(results[1], results[0]);
  t.deepEqual(results[2], results[0]);
});

for (const images of [16, 21])
  for (const withResidual of [false, true])
    test.serial(`batch norm of tiles equals that of images: ${images} images, residual ${withResidual}`, (t) => {
      const shape = [images, 5, 6, 3];
      const attrs = { images, epsilon: 1e-3, relu: true, residual: withResidual };
      const channel = { gamma: randomTensor([3], 2), beta: randomTensor([3], 3) };
      const x = tf.add(randomTensor(shape, 1), 2);
      const [residual, dy] = [randomTensor(shape, 4), randomTensor(shape, 5)];
      const toTiles = (tensor: tf.Tensor) => run('ImagesToTiles', { x: tensor });
      const toImages = (tensor: tf.Tensor) => read(run('TilesToImages', { x: tensor }, { images }));
      const added = (tensor: tf.Tensor) => (withResidual ? { residual: tensor } : {});
      const expected = run('BatchNormTraining', { x, ...channel, ...added(residual) }, attrs) as unknown as tf.Tensor[];
      const tiled = { x: toTiles(x), ...channel, ...added(toTiles(residual)) };
      const actual = run('TileBatchNormTraining', tiled, attrs) as unknown as tf.Tensor[];
      assertClose(t, toImages(actual[0]!), read(expected[0]!), BOUND, 'y');
      for (const i of [1, 2]) assertClose(t, read(actual[i]!), read(expected[i]!), BOUND, `moment ${i}`);
      const saved = ([y, mean, variance]: tf.Tensor[]) => ({ y: y!, mean: mean!, variance: variance!, ...channel });
      const wanted = run('BatchNormTrainingGrad', { dy, x, ...saved(expected) }, attrs) as unknown as tf.Tensor[];
      const inputs = { dy: toTiles(dy), x: tiled.x, ...saved(actual) };
      const gradients = run('TileBatchNormTrainingGrad', inputs, attrs) as unknown as tf.Tensor[];
      t.is(gradients.length, wanted.length);
      for (const i of [0, 3].slice(0, withResidual ? 2 : 1)) {
        assertClose(t, toImages(gradients[i]!), read(wanted[i]!), 5e-6, `gradient ${i}`);
        // Behind the last image nothing may reach the next layer's gradients.
        const padded = read(run('ImagesToTiles', { x: run('TilesToImages', { x: gradients[i]! }, { images }) }));
        assertClose(t, read(gradients[i]!), padded, 0, `lanes of gradient ${i}`);
      }
      for (const i of [1, 2]) assertClose(t, read(gradients[i]!), read(wanted[i]!), 5e-6, `gradient ${i}`);
    });

test.serial('tiles: round trip, global average, subsampling between channels of zeros, and their adjoints', (t) => {
  const [images, height, width, channels] = [19, 5, 4, 3];
  const x = randomTensor([images, height, width, channels], 1);
  const tiles = run('ImagesToTiles', { x });
  t.deepEqual(read(run('TilesToImages', { x: tiles }, { images })), read(x));
  const average = run('TileGlobalAverage', { x: tiles }, { images });
  assertClose(t, read(average), read(tf.transpose(tf.mean(x, [1, 2]))), BOUND, 'average');
  const attrs = { images, stride: 2, channels: 6, shape: tiles.shape };
  const sampled = run('TileSubsamplePad', { x: tiles }, attrs);
  const plain = tf.pad(tf.avgPool(x as tf.Tensor4D, 1, 2, 'valid'), [
    [0, 0],
    [0, 0],
    [0, 0],
    [1, 2],
  ]);
  t.deepEqual(read(run('TilesToImages', { x: sampled }, { images })), read(plain));
  // <A x, dy> = <x, A' dy>
  const dot = (a: tf.Tensor, b: tf.Tensor) => read(a).reduce((sum, value, i) => sum + value * read(b)[i]!, 0);
  const dAverage = randomTensor([channels, images], 2);
  const toPixels = run('TileGlobalAverageGrad', { dy: dAverage }, { height, width });
  t.true(Math.abs(dot(average, dAverage) - dot(tiles, toPixels)) < 1e-4);
  const dSampled = run('ImagesToTiles', { x: randomTensor([images, 3, 2, 6], 3) });
  t.true(Math.abs(dot(sampled, dSampled) - dot(tiles, run('TileSubsamplePadGrad', { dy: dSampled }, attrs))) < 1e-3);
});

test.serial('what does not fit is refused before it is read', (t) => {
  const [x, values] = [randomTensor([4, 2], 1), randomTensor([3], 2)];
  const pattern = { starts: indices([0, 1, 3]), columns: indices([0, 1, 2]) };
  t.throws(() => run('SparseMatMul', { x, values, ...pattern }, { rows: 5, relu: false }), {
    message: /starts must be/,
  });
  const short = { ...pattern, columns: indices([0, 1]) };
  t.throws(() => run('SparseMatMul', { x, values, ...short }, { rows: 2, relu: false }), {
    message: /columns must be/,
  });
  const conv = [1, 4, 4, 1, 1, 2, 2, 2, 1, 1, 3, 3, 0, 0];
  const tiles = run('ImagesToTiles', { x: randomTensor([2, 3, 4, 1], 1) });
  t.throws(
    () => run('SparseConv', { x: tiles, values, starts: pattern.starts, taps: pattern.columns }, { conv, relu: false }),
    {
      message: /x must be/,
    },
  );
  t.throws(() => run('TilesToImages', { x: tiles }, { images: 200 }), { message: /tiles do not hold/ });
});
