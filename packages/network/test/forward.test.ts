import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-layers';
import { type Conv2d, defineNetwork, type Layer, type Network, parameterSpecs, randomStream } from '@prunebench/core';
import {
  act,
  add,
  batchNorm,
  conv,
  dense,
  denseNetwork,
  residual,
  residualNetwork,
} from '@prunebench/core/test-networks';
import {
  type ForwardHooks,
  forward,
  initializeParameters,
  noiseSource,
  type ParameterTensors,
} from '@prunebench/network';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';

/** Watches every layer, which makes each run on its own. */
const watching: ForwardHooks = { output: (_, y) => y };

function tensors(network: Network, values: Readonly<Record<string, readonly number[]>>): ParameterTensors {
  return Object.fromEntries(
    parameterSpecs(network).map(({ name, shape }) => [name, tf.tensor([...values[name]], [...shape])]),
  );
}

/** Every parameter away from 0 and 1, so that none can be left out unnoticed. */
function anyTensors(network: Network, seed = 0): ParameterTensors {
  const random = randomStream(seed);
  return Object.fromEntries(
    Object.entries(initializeParameters(network, random, 'he-normal')).map(([name, { shape, values }]) => {
      const stream = random.fork(`any/${name}`);
      return [
        name,
        tf.tensor(
          values.map((v) => (name.endsWith('/kernel') ? v : 0.5 + stream.uniform())),
          [...shape],
        ),
      ];
    }),
  );
}

const input = (shape: readonly number[], seed = 1) => {
  const stream = randomStream(seed);
  return tf.tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => stream.normal()),
    [...shape],
  );
};

const close = (a: tf.Tensor, b: tf.Tensor) => {
  const [x, y] = [a.dataSync(), b.dataSync()];
  return String(a.shape) === String(b.shape) && x.every((v, i) => Math.abs(v - y[i]) <= 1e-5 * (1 + Math.abs(y[i])));
};

test('dense layers by hand', (t) => {
  const network = denseNetwork([2, 2, 1]);
  const parameters = tensors(network, {
    'fc1/kernel': [1, 2, 3, 4],
    'fc1/bias': [0, -20],
    'fc2/kernel': [2, 5],
    'fc2/bias': [0.5],
  });
  // [1, 2] -> [7, 10 - 20] -> relu [7, 0] -> 14.5; [3, 4] -> [15, 22 - 20] -> 30 + 10 + 0.5
  t.deepEqual(
    forward(
      network,
      parameters,
      tf.tensor2d([
        [1, 2],
        [3, 4],
      ]),
    ).arraySync(),
    [[14.5], [40.5]],
  );
});

test('convolution, pooling and the rest by hand', (t) => {
  const network = defineNetwork({
    name: 'hand',
    inputShape: [3, 3, 1],
    layers: [
      conv('conv', 'input', 1, { kernelSize: [2, 2], padding: 'valid', useBias: true }),
      batchNorm('bn', 'conv'),
      act('tanh', 'bn', 'tanh'),
      { kind: 'avgPool', name: 'pool', inputs: ['tanh'], size: [2, 1], strides: [2, 1], padding: 'valid' },
      { kind: 'flatten', name: 'flat', inputs: ['pool'] },
    ],
  });
  const parameters = tensors(network, {
    'conv/kernel': [1, 0, 0, -1],
    'conv/bias': [10],
    'bn/gamma': [2],
    'bn/beta': [0.1],
    'bn/movingMean': [6],
    'bn/movingVariance': [0.999],
  });
  // x[i][j] - x[i+1][j+1] + 10 for [[1, 2, 3], [4, 5, 6], [7, 8, 19]]: 6, 6, 6, -4; variance + epsilon = 1
  const y = forward(
    network,
    parameters,
    tf.tensor([1, 2, 3, 4, 5, 6, 7, 8, 19], [1, 3, 3, 1]),
  ).arraySync() as number[][];
  const [a, b] = [Math.tanh(0.1), Math.tanh(2 * -10 + 0.1)];
  t.true(Math.abs(y[0][0] - a) < 1e-6);
  t.true(Math.abs(y[0][1] - (a + b) / 2) < 1e-6);
});

test('the padded shortcut takes every second pixel and pads channels on both sides', (t) => {
  const network: Network = {
    name: 'pad',
    inputShape: [3, 3, 2],
    layers: [{ kind: 'subsamplePad', name: 'pad', inputs: ['input'], stride: 2, channels: 5 }],
  };
  const x = tf.tensor(
    Array.from({ length: 18 }, (_, i) => i + 1),
    [1, 3, 3, 2],
  );
  t.deepEqual(forward(network, {}, x).arraySync(), [
    [
      [
        [0, 1, 2, 0, 0],
        [0, 5, 6, 0, 0],
      ],
      [
        [0, 13, 14, 0, 0],
        [0, 17, 18, 0, 0],
      ],
    ],
  ]);
  const gradient = tf.grad((v) => tf.sum(tf.square(forward(network, {}, v))))(x);
  t.deepEqual(
    [...gradient.dataSync()],
    Array.from({ length: 18 }, (_, i) => ([0, 1, 4, 5, 12, 13, 16, 17].includes(i) ? 2 * (i + 1) : 0)),
  );
});

/** Output and padding from the definition, one product at a time. */
function naiveConvolution(x: number[][][], kernel: number[][][][], layer: Conv2d): number[][][] {
  const [height, width, channels] = [x.length, x[0].length, x[0][0].length];
  const { strides, dilation, groups, filters, kernelSize, padding } = layer;
  const axis = (size: number, a: 0 | 1) => {
    const span = (kernelSize[a] - 1) * dilation[a] + 1;
    if (padding === 'valid') return { out: Math.floor((size - span) / strides[a]) + 1, before: 0 };
    const out = Math.ceil(size / strides[a]);
    return { out, before: Math.floor(Math.max(0, (out - 1) * strides[a] + span - size) / 2) };
  };
  const [rows, columns] = [axis(height, 0), axis(width, 1)];
  const perGroup = { in: channels / groups, out: filters / groups };
  return Array.from({ length: rows.out }, (_, i) =>
    Array.from({ length: columns.out }, (_, j) =>
      Array.from({ length: filters }, (_, f) => {
        let sum = 0;
        for (let u = 0; u < kernelSize[0]; u++)
          for (let v = 0; v < kernelSize[1]; v++)
            for (let c = 0; c < perGroup.in; c++) {
              const row = x[i * strides[0] + u * dilation[0] - rows.before];
              const pixel = row?.[j * strides[1] + v * dilation[1] - columns.before];
              if (pixel) sum += pixel[Math.floor(f / perGroup.out) * perGroup.in + c] * kernel[u][v][c][f];
            }
        return sum;
      }),
    ),
  );
}

const convolutions: Record<string, Partial<Conv2d>> = {
  plain: {},
  'strided, valid': { strides: [2, 3], padding: 'valid' },
  'strided, same': { strides: [2, 2] },
  dilated: { dilation: [2, 1], padding: 'valid' },
  'two groups': { groups: 2 },
  'two groups, strided': { groups: 2, strides: [2, 1], kernelSize: [1, 2] },
  depthwise: { groups: 4 },
};

for (const [name, more] of Object.entries(convolutions))
  test(`convolution against its definition: ${name}`, (t) => {
    const layer = conv('c', 'input', 8, { useBias: true, ...more });
    const network = defineNetwork({ name: 'c', inputShape: [7, 6, 4], layers: [layer, act('r', 'c')] });
    const parameters = anyTensors(network);
    const x = input([2, 7, 6, 4]);
    const bias = parameters['c/bias'].dataSync();
    const kernel = parameters['c/kernel'].arraySync() as number[][][][];
    const expected = (x.arraySync() as number[][][][]).map((image) =>
      naiveConvolution(image, kernel, layer).map((row) =>
        row.map((pixel) => pixel.map((v, f) => Math.max(0, v + bias[f]))),
      ),
    );
    t.true(close(forward(network, parameters, x), tf.tensor(expected)));
    t.true(close(forward(network, parameters, x, { hooks: [watching] }), tf.tensor(expected)));
  });

/** Residual from an earlier layer, residual through a convolution that comes later, an addition without ReLU, a doubled layer. */
const residuals: Record<string, Layer[]> = {
  identity: [conv('c2', 'r1', 3), batchNorm('b2', 'c2'), add('s', 'b2', 'r1'), act('r2', 's')],
  'identity, other order': [conv('c2', 'r1', 3), batchNorm('b2', 'c2'), add('s', 'r1', 'b2'), act('r2', 's')],
  projection: [
    conv('c2', 'r1', 3),
    batchNorm('b2', 'c2'),
    conv('c3', 'r1', 3, { kernelSize: [1, 1] }),
    batchNorm('b3', 'c3'),
    add('s', 'b2', 'b3'),
    act('r2', 's'),
  ],
  'no relu': [conv('c2', 'r1', 3), batchNorm('b2', 'c2'), add('s', 'b2', 'r1'), dense1x1('r2', 's')],
  twice: [batchNorm('b2', 'r1'), add('s', 'b2', 'b2'), act('r2', 's')],
  'read by two': [conv('c2', 'r1', 3), act('x', 'c2'), add('s', 'x', 'c2'), act('r2', 's')],
};

function dense1x1(name: string, from: string): Layer {
  return conv(name, from, 3, { kernelSize: [1, 1] });
}

for (const [name, block] of Object.entries(residuals))
  for (const training of [false, true])
    test(`fused equals unfused: ${name}, training ${training}`, (t) => {
      const network = defineNetwork({
        name,
        inputShape: [4, 4, 2],
        layers: [
          conv('c1', 'input', 3, { useBias: true }),
          batchNorm('b1', 'c1'),
          act('r1', 'b1'),
          ...block,
          { kind: 'globalAveragePool', name: 'p', inputs: ['r2'] },
          dense('fc', 'p', 2),
        ],
      });
      const parameters = anyTensors(network);
      const x = input([5, 4, 4, 2]);
      const order: string[] = [];
      const seeing: ForwardHooks = {
        output: (layer, y) => {
          order.push(layer.name);
          return y;
        },
      };
      const fused = forward(network, parameters, x, { training });
      t.true(close(fused, forward(network, parameters, x, { training, hooks: [seeing] })));
      t.deepEqual(
        order,
        network.layers.map((layer) => layer.name),
      );
    });

test('the output is the last layer, also when it is merged into an earlier one', (t) => {
  const network = defineNetwork({
    name: 'ends-merged',
    inputShape: [2, 2, 2],
    layers: [conv('c', 'input', 2), batchNorm('b', 'c'), add('s', 'input', 'b'), act('r', 's')],
  });
  const parameters = anyTensors(network);
  const x = input([3, 2, 2, 2]);
  const y = forward(network, parameters, x, { training: true });
  t.true(close(y, forward(network, parameters, x, { training: true, hooks: [watching] })));
  t.true(y.dataSync().every((v) => v >= 0));
});

test('hooks: weights, layers and outputs are seen in order, each after the one before', (t) => {
  const network = denseNetwork([2, 2, 1]);
  const parameters = tensors(network, {
    'fc1/kernel': [1, 2, 3, 4],
    'fc1/bias': [0, 0],
    'fc2/kernel': [1, 1],
    'fc2/bias': [0],
  });
  const x = tf.tensor2d([[1, 1]]);
  const scaled = (name: string, factor: number): ForwardHooks => ({
    weight: (n, w) => (n === name ? tf.mul(w, factor) : w),
  });
  const value = (hooks: ForwardHooks[]) => forward(network, parameters, x, { hooks }).dataSync()[0];
  t.is(value([]), 10);
  t.is(value([scaled('fc1/kernel', 2), { weight: (n, w) => (n === 'fc1/kernel' ? tf.add(w, 1) : w) }]), 24);
  t.is(
    value([
      { output: (l, y) => (l.name === 'act1' ? tf.add(y, 1) : y) },
      { output: (l, y) => (l.name === 'act1' ? tf.mul(y, 3) : y) },
    ]),
    36,
  );
  const outer: ForwardHooks = { layer: (l, _, next) => (l.name === 'fc2' ? tf.neg(next()) : next()) };
  t.is(value([{ layer: (l, _, next) => (l.name === 'fc2' ? tf.add(next(), 5) : next()) }, outer]), -15);
});

test('running statistics are used outside training, the batch reports its own inside', (t) => {
  const network = defineNetwork({
    name: 'bn',
    inputShape: [1],
    layers: [dense('fc', 'input', 1, false), batchNorm('bn', 'fc')],
  });
  const parameters = tensors(network, {
    'fc/kernel': [1],
    'bn/gamma': [1],
    'bn/beta': [0],
    'bn/movingMean': [100],
    'bn/movingVariance': [1],
  });
  const seen: unknown[] = [];
  const onStatistics = (layer: string, mean: tf.Tensor, variance: tf.Tensor) =>
    seen.push([layer, mean.dataSync()[0], variance.dataSync()[0]]);
  forward(network, parameters, tf.tensor2d([[1], [3]]), { training: true, onStatistics });
  t.deepEqual(seen, [['bn', 2, 1]]);
  const y = forward(network, parameters, tf.tensor2d([[100], [101]]), { onStatistics }).dataSync();
  t.true(Math.abs(y[0]) < 1e-6 && Math.abs(y[1] - 1 / Math.sqrt(1.001)) < 1e-5);
  t.is(seen.length, 1);
});

test('dropout: off at evaluation, keeps the mean in training, follows the noise', (t) => {
  const network = defineNetwork({
    name: 'd',
    inputShape: [5000],
    layers: [{ kind: 'dropout', name: 'drop', inputs: ['input'], rate: 0.3 }],
  });
  const x = tf.ones([2, 5000]);
  t.true(close(forward(network, {}, x), x));
  const counter = tf.tensor1d([0, 0], 'int32');
  const run = (seed: number) =>
    forward(network, {}, x, { training: true, noise: noiseSource(randomStream(seed))(counter) }).dataSync();
  const values = run(1);
  t.deepEqual(values, run(1));
  t.notDeepEqual(values, run(2));
  t.deepEqual([...new Set(values)].sort(), [0, Math.fround(1 / 0.7)]);
  const dropped = values.filter((v) => v === 0).length;
  t.true(Math.abs(dropped - 3000) < 5 * Math.sqrt(10_000 * 0.3 * 0.7));
  t.throws(() => forward(network, {}, x, { training: true }), { message: /layer drop is dropout/ });
});

test('an empty batch goes through', (t) => {
  const network = defineNetwork({
    name: 'e',
    inputShape: [4, 4, 1],
    layers: [conv('c', 'input', 2), { kind: 'flatten', name: 'f', inputs: ['c'] }, dense('fc', 'f', 3)],
  });
  t.deepEqual(forward(network, anyTensors(network), tf.zeros([0, 4, 4, 1])).shape, [0, 3]);
});

/** Gradients of a weighted sum of the outputs, in training, to every trained parameter. */
function trainingGradients(network: Network, hooks: readonly ForwardHooks[] = []) {
  const parameters = anyTensors(network, 4);
  const x = input([3, 6, 6, 2]);
  const weights = input([3, 3], 9);
  const trained = parameterSpecs(network)
    .filter(({ trainable }) => trainable)
    .map(({ name }) => name);
  const loss = (changed: ParameterTensors) =>
    tf.sum(tf.mul(forward(network, { ...parameters, ...changed }, x, { training: true, hooks }), weights)) as tf.Scalar;
  const gradients = tf.grads((...values: tf.Tensor[]) =>
    loss(Object.fromEntries(trained.map((name, i) => [name, values[i]]))),
  )(trained.map((name) => parameters[name]));
  return { parameters, trained, gradients, loss };
}

test('residual network, smooth: gradients of every trained parameter against central differences', (t) => {
  const { parameters, trained, gradients, loss } = trainingGradients(residual('tanh'));
  for (const [i, name] of trained.entries()) {
    // A random direction per parameter: its slope is the gradient's projection.
    const direction = input(parameters[name].shape, 100 + i);
    const slope = tf.sum(tf.mul(gradients[i], direction)).dataSync()[0];
    const along = (step: number) =>
      tf.tidy(() => loss({ [name]: tf.add(parameters[name], tf.mul(direction, step)) }).dataSync()[0]);
    // Five points, so that float32 allows steps wide enough to rise above its rounding.
    const h = 0.03 / Math.sqrt(direction.size);
    const numeric = (8 * (along(h) - along(-h)) - (along(2 * h) - along(-2 * h))) / (12 * h);
    t.true(Math.abs(slope - numeric) < 1e-4 * Math.max(1, Math.abs(numeric)), `${name}: ${slope} ${numeric}`);
    t.true(
      gradients[i].dataSync().some((v) => Math.abs(v) > 1e-3),
      name,
    );
  }
});

test('residual network with ReLU: fused gradients equal those of single layers', (t) => {
  const fused = trainingGradients(residualNetwork);
  const single = trainingGradients(residualNetwork, [watching]);
  for (const [i, name] of fused.trained.entries()) t.true(close(fused.gradients[i], single.gradients[i]), name);
});
