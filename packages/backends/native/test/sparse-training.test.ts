// The kernels of sparse training against loops in float64 over the dense, masked layer.
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { captureStep, setThreads } from '../src/index.ts';
import { assertClose, randomTensor, randomValues, useNative } from './support.ts';

test.before(() => useNative());

const run = (name: string, inputs: Record<string, tf.Tensor>, attrs: object = {}) =>
  tf.engine().runKernel(name, inputs as never, attrs as never) as unknown as tf.Tensor;
const runAll = (name: string, inputs: Record<string, tf.Tensor>, attrs: object = {}) =>
  run(name, inputs, attrs) as unknown as tf.Tensor[];
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

/** A convolution of tiles as the kernels take it. */
const tileConv = (sizes: number[]): Record<string, number> => {
  const names =
    'channels height width upY upX outChannels outHeight outWidth strideY strideX kernelHeight kernelWidth top left';
  return Object.fromEntries(names.split(' ').map((name, i) => [name, sizes[i]!]));
};

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
  // Several bands of rows of which the last is lower, with a stride.
  {
    images: 1,
    size: [29, 31],
    channels: 25,
    outChannels: 4,
    kernel: [3, 3],
    strides: [2, 2],
    before: [1, 1],
    outSize: [15, 16],
    density: 0.1,
  },
  // Several bands of rows in several tiles.
  {
    images: 65,
    size: [12, 200],
    channels: 6,
    outChannels: 2,
    kernel: [3, 3],
    strides: [1, 1],
    before: [1, 1],
    outSize: [12, 200],
    density: 0.1,
  },
  // A stride that leaves the last rows and columns out; a tile of one image behind full ones; nothing kept.
  {
    images: 129,
    size: [5, 4],
    channels: 2,
    outChannels: 3,
    kernel: [1, 1],
    strides: [2, 2],
    before: [0, 0],
    outSize: [2, 2],
    density: 0.6,
  },
  {
    images: 7,
    size: square(4),
    channels: 2,
    outChannels: 3,
    kernel: [3, 3],
    strides: [1, 1],
    before: [1, 1],
    outSize: square(4),
    density: 0,
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

/** Whether the windows leave out no row or column of the input. */
function readsAll({ size, kernel, strides, before, outSize }: Case): boolean {
  return [0, 1].every((axis) => {
    const gap = strides[axis]! + before[axis]! - kernel[axis]!;
    const read = (outSize[axis]! - 1) * strides[axis]! + kernel[axis]! - before[axis]!;
    return gap <= 0 && read >= size[axis]!;
  });
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
    kept: {
      values: tf.tensor1d(
        weights.map(({ value }) => value),
        'float32',
      ),
      starts: startsOf(
        outChannels,
        weights.map(({ output }) => output),
      ),
      columns: indices(weights.map(({ channel, y, x: column }) => (channel << 16) | (y << 8) | column)),
    },
    transposed: {
      transposedStarts: startsOf(
        channels,
        weights.map(({ channel }) => channel),
      ),
      transposedColumns: indices(
        order.map((i) => {
          const { output, y, x: column } = weights[i]!;
          return (output << 16) | ((kernel[0] - 1 - y) << 8) | (kernel[1] - 1 - column);
        }),
      ),
      transposedPlaces: indices(order),
    },
    attrs: {
      conv: tileConv([channels, ...size, 1, 1, outChannels, ...outSize, ...strides, ...kernel, ...before]),
      backward: tileConv([
        ...[outChannels, ...outSize, ...strides, channels, ...size, 1, 1, ...kernel],
        ...[kernel[0] - 1 - before[0], kernel[1] - 1 - before[1]],
      ]),
      ...{ images, epsilon: 1e-3, inputRelu: false, relu: false, keep: false, inputGradient: true },
    },
  };
}

const BOUND = 2e-6;

for (const one of cases) {
  const { images, size, channels, outChannels, kernel, strides, outSize } = one;
  const name = `${images} images ${size} x ${channels}, ${kernel} kernels, strides ${strides}, density ${one.density}`;

  test.serial(`convolution: ${name}`, (t) => {
    const weights = keptWeights(one);
    const { x, tiles, kept, attrs } = tensorsOf(one, weights);
    const bias = randomTensor([outChannels], 5);
    const inputs = read(x);
    const expected = new Float64Array(images * outSize[0] * outSize[1] * outChannels);
    eachProduct(one, weights, (w, input, output) => {
      expected[output]! += weights[w]!.value * inputs[input]!;
    });
    const [plain] = runAll('SparseConv', { x: tiles, ...kept }, attrs) as [tf.Tensor];
    assertClose(t, read(run('TilesToImages', { x: plain }, { images })), expected, BOUND, 'product');
    const shift = read(bias);
    const relu = expected.map((value, i) => Math.max(0, value + shift[i % outChannels]!));
    const [fused] = runAll('SparseConv', { x: tiles, ...kept, bias }, { ...attrs, relu: true }) as [tf.Tensor];
    assertClose(t, read(run('TilesToImages', { x: fused }, { images })), relu, BOUND, 'bias and ReLU');
  });

  test.serial(`gradients: ${name}`, (t) => {
    const weights = keptWeights(one);
    const { x, dy, tiles, dyTiles, kept, transposed, attrs } = tensorsOf(one, weights);
    const [inputs, slopes] = [read(x), read(dy)];
    const dx = new Float64Array(inputs.length);
    const dw = new Float64Array(weights.length);
    eachProduct(one, weights, (w, input, output) => {
      dx[input]! += weights[w]!.value * slopes[output]!;
      dw[w]! += inputs[input]! * slopes[output]!;
    });
    const inputsOfGrad = { x: tiles, dy: dyTiles, ...kept, ...transposed };
    const [toInput, toWeights] = runAll('SparseConvGrad', inputsOfGrad, attrs) as [tf.Tensor, tf.Tensor];
    assertClose(t, read(run('TilesToImages', { x: toInput }, { images })), dx, BOUND, 'input');
    assertClose(t, read(toWeights), dw, 5e-6, 'kept weights');
    const [alone] = runAll('SparseConvGrad', inputsOfGrad, { ...attrs, inputGradient: false }) as [tf.Tensor];
    t.deepEqual(read(alone), read(toWeights));
  });

  for (const withResidual of [false, true])
    test.serial(`between batch norms, as one after the other: ${name}, residual ${withResidual}`, (t) => {
      const { tiles, dyTiles, kept, transposed, attrs } = tensorsOf(one, keptWeights(one));
      const [gamma, beta] = [randomTensor([channels], 6), randomTensor([channels], 7)];
      const [x, mean, variance, scale, shift] = runAll('TileMoments', { x: tiles, gamma, beta }, attrs) as FiveTensors;
      t.truthy(variance);
      const residual = withResidual
        ? { residual: run('ImagesToTiles', { x: randomTensor([images, ...size, channels], 8) }) }
        : {};
      const reading = { x, mean, scale, shift, ...residual };
      const behind = { gamma: randomTensor([outChannels], 9), beta: randomTensor([outChannels], 10) };
      const [form, sum] = withResidual
        ? ['SparseConvOfNormedSum', 'TileNormalizeSum']
        : ['SparseConvOfNorm', 'TileNormalize'];
      const keep = readsAll(one);
      const fused = runAll(form!, { ...reading, ...kept, ...behind }, { ...attrs, inputRelu: true, keep });
      const normed = run(sum!, reading, { images, relu: true });
      const [y] = runAll('SparseConv', { x: normed, ...kept }, attrs) as [tf.Tensor];
      const apart = runAll('TileMoments', { x: y, ...behind }, attrs);
      for (const [i, expected] of [...apart, ...(keep ? [normed] : [])].entries())
        assertClose(t, read(fused[i]!), read(expected), BOUND, `output ${i}`);

      const [, outMean, outVariance, outScale] = apart as FiveTensors;
      const [dScale, dShift] = [randomTensor([outChannels], 11), randomTensor([outChannels], 12)];
      const more = run('ImagesToTiles', { x: randomTensor([images, ...size, channels], 13) });
      const given = { dy: dyTiles, more, y, outMean, outVariance, outScale, dScale, dShift };
      const actual = runAll(
        'SparseConvGrad',
        { ...reading, ...given, ...kept, ...transposed },
        { ...attrs, inputRelu: true },
      );
      const ofMoments = { g: dyTiles, x: y, mean: outMean, variance: outVariance, scale: outScale, dScale, dShift };
      const [dy, dGamma] = runAll('TileMomentsGrad', ofMoments, attrs) as [tf.Tensor, tf.Tensor];
      const [dx, dValues] = runAll('SparseConvGrad', { x: normed, dy, ...kept, ...transposed }, attrs) as [
        tf.Tensor,
        tf.Tensor,
      ];
      const ofRead = runAll('TileNormalizeGrad', { dy: tf.add(dx, more), ...reading }, { images, relu: true });
      for (const [i, expected] of [...ofRead, dValues, dGamma].entries())
        assertClose(t, read(actual[i]!), read(expected), 5e-6, `gradient ${i}`);
    });
}

for (const one of cases.filter(readsAll))
  for (const stride of [1, 2])
    test.serial(
      `what is kept for a shortcut: ${one.images} images ${one.size} x ${one.channels}, stride ${stride}`,
      (t) => {
        const { images, channels } = one;
        const { tiles, dyTiles, kept, transposed, attrs } = tensorsOf(one, keptWeights(one));
        const [gamma, beta] = [randomTensor([channels], 6), randomTensor([channels], 7)];
        const [x, mean, , scale, shift] = runAll('TileMoments', { x: tiles, gamma, beta }, attrs) as FiveTensors;
        const reading = { x, mean, scale, shift };
        const shortcut = [stride, channels + 3] as const;
        const keeping = { ...attrs, inputRelu: true, keep: true };
        const [, all] = runAll('SparseConvOfNorm', { ...reading, ...kept }, keeping);
        const [, sampled] = runAll('SparseConvOfNorm', { ...reading, ...kept }, { ...keeping, shortcut });
        const sampling = { images, stride, channels: shortcut[1], shape: x.shape };
        const expected = run('TileSubsamplePad', { x: all! }, sampling);
        assertClose(t, read(sampled!), read(expected), 0, 'kept');

        const more = randomTensor(expected.shape, 8);
        const spread = run('TileSubsamplePadGrad', { dy: more }, sampling);
        const grad = (added: tf.Tensor, of: object) => {
          const inputs = { ...reading, ...kept, ...transposed, dy: dyTiles, more: added };
          return runAll('SparseConvGrad', inputs, { ...attrs, inputRelu: true, ...of });
        };
        const gradients = grad(more, { shortcut });
        for (const [i, gradient] of grad(spread, {}).entries())
          assertClose(t, read(gradients[i]!), read(gradient), 0, `gradient ${i}`);
      },
    );

type FiveTensors = [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];

// The wide case has several bands of rows, which a task takes together where there are enough tiles for the threads.
for (const one of cases.filter(({ images }) => images === 20 || images === 65))
  test.serial(`the thread count changes no bit of a convolution, its gradients and batch norm: ${one.size}`, (t) => {
    const { images, channels, outChannels } = one;
    const weights = keptWeights(one);
    const results = [1, 2, 3].map((threads) => {
      setThreads(threads);
      const { tiles, dyTiles, kept, transposed, attrs } = tensorsOf(one, weights);
      const norm = (count: number) => ({ gamma: randomTensor([count], 6), beta: randomTensor([count], 7) });
      const [x, mean, , scale, shift] = runAll('TileMoments', { x: tiles, ...norm(channels) }, attrs) as FiveTensors;
      const reading = { x, mean, scale, shift };
      const keeping = { ...attrs, keep: true };
      const made = runAll('SparseConvOfNorm', { ...reading, ...kept, ...norm(outChannels) }, keeping);
      const [y, outMean, outVariance, outScale, dShift] = made as FiveTensors;
      const given = { dy: dyTiles, y, outMean, outVariance, outScale, dScale: dShift, dShift };
      const gradients = runAll('SparseConvGrad', { ...reading, ...given, ...kept, ...transposed }, attrs);
      const ofRead = runAll('TileNormalizeGrad', { dy: gradients[0]!, ...reading }, { images, relu: true });
      return [mean, scale, ...made, ...gradients, ...ofRead].map(read);
    });
    setThreads(2);
    t.deepEqual(results[1], results[0]);
    t.deepEqual(results[2], results[0]);
  });

for (const adding of [false, true])
  test.serial(
    `captured, an input gradient lies where something was read, with the same bits: adding ${adding}`,
    (t) => {
      const one: Case = { ...cases.find(({ images }) => images === 65)!, images: 17, outChannels: 6 };
      const { x, dy, kept, transposed, attrs } = tensorsOf(one, keptWeights(one));
      const norm = { gamma: randomTensor([6], 6), beta: randomTensor([6], 7) };
      const step = (inputs: tf.Tensor[]) => {
        const [tiles, dyTiles, added] = inputs.map((images) => run('ImagesToTiles', { x: images })) as [
          tf.Tensor,
          tf.Tensor,
          tf.Tensor,
        ];
        const [read, mean, , scale, shift] = runAll('TileMoments', { x: tiles, ...norm }, attrs) as FiveTensors;
        const reading = { x: read, mean, scale, shift };
        const normed = { ...attrs, inputRelu: true };
        const made = runAll('SparseConvOfNorm', { ...reading, ...kept, ...norm }, normed) as FiveTensors;
        const [y, outMean, outVariance, outScale, dShift] = made;
        const given = { dy: dyTiles, y, outMean, outVariance, outScale, dScale: dShift, dShift };
        const more = adding ? { more: added } : {};
        return runAll('SparseConvGrad', { ...reading, ...given, ...more, ...kept, ...transposed }, normed);
      };
      const inputs = [x, dy, randomTensor(x.shape, 8)];
      const captured = captureStep(step, inputs, { state: [] });
      const outputs = captured.run(...inputs.map(read)) as Float32Array[];
      for (const [i, expected] of step(inputs).entries()) assertClose(t, outputs[i]!, read(expected), 0, `output ${i}`);
      captured.dispose();
    },
  );

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
      const [tiles, mean, variance, scale, shift] = runAll(
        'TileMoments',
        { x: toTiles(x), ...channel },
        attrs,
      ) as FiveTensors;
      const reading = { x: tiles, mean, scale, shift, ...added(toTiles(residual)) };
      const y = run(withResidual ? 'TileNormalizeSum' : 'TileNormalize', reading, attrs);
      assertClose(t, toImages(y), read(expected[0]!), BOUND, 'y');
      assertClose(t, read(mean), read(expected[1]!), BOUND, 'mean');
      assertClose(t, read(variance), read(expected[2]!), BOUND, 'variance');
      const saved = { y: expected[0]!, mean: expected[1]!, variance: expected[2]!, ...channel };
      const [dx, dGamma, dBeta, dResidual] = runAll('BatchNormTrainingGrad', { dy, x, ...saved }, attrs) as FiveTensors;
      const [g, dScale, dShift] = runAll('TileNormalizeGrad', { dy: toTiles(dy), ...reading }, attrs) as FiveTensors;
      const ofMoments = { g, x: tiles, mean, variance, scale, dScale, dShift };
      const [ofX, ofGamma] = runAll('TileMomentsGrad', ofMoments, attrs) as [tf.Tensor, tf.Tensor];
      assertClose(t, toImages(ofX), read(dx), 5e-6, 'gradient of x');
      if (withResidual) assertClose(t, toImages(g), read(dResidual), 5e-6, 'gradient of the residual');
      assertClose(t, read(ofGamma), read(dGamma), 5e-6, 'gradient of gamma');
      assertClose(t, read(dShift), read(dBeta), 5e-6, 'gradient of beta');
      // Behind the last image nothing may reach the next layer's gradients.
      for (const gradient of [g, ofX]) {
        const padded = read(run('ImagesToTiles', { x: run('TilesToImages', { x: gradient }, { images }) }));
        assertClose(t, read(gradient), padded, 0, 'lanes');
      }
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
  const attrs = { conv: tileConv([1, 4, 4, 1, 1, 2, 2, 2, 1, 1, 3, 3, 0, 0]), images: 2, epsilon: 0 };
  const tiles = run('ImagesToTiles', { x: randomTensor([2, 3, 4, 1], 1) });
  t.throws(() => run('SparseConv', { x: tiles, values, ...pattern }, attrs), {
    message: /x must be/,
  });
  const strided = { conv: tileConv([1, 3, 4, 1, 1, 2, 2, 2, 2, 2, 1, 1, 0, 0]), images: 2, epsilon: 0, keep: true };
  t.throws(() => run('SparseConv', { x: tiles, values, ...pattern }, strided), { message: /does not read all/ });
  t.throws(() => run('TilesToImages', { x: tiles }, { images: 200 }), { message: /tiles do not hold/ });
});
