import {
  applyMasks,
  type Batch,
  defineNetwork,
  type Network,
  PrunebenchError,
  prunableSpecs,
  randomStream,
  sizeOf,
} from '@prunebench/core';
import { hessianVectorProduct, type KernelGradients, meanGradients } from '@prunebench/signals';
import {
  closeTo,
  convNet,
  mlp,
  randomBatch,
  randomParameters,
  relativeError,
  residualNet,
  score,
  subjectOf,
  withValues,
} from '@prunebench/testing';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { grasp } from '../src/index.ts';
import { lossAndGradient, mlpOf, nudged, squaredNorm } from './float64-mlp.ts';
import { dot, sum } from './support.ts';

const sizes = [6, 5, 4, 3];
const plain = (activation: 'relu' | 'tanh' | 'sigmoid') => mlp(sizes, { useBias: false, activation });

/** 2 examples of each of 3 classes, in the order in which the criterion deals them out. */
const balanced = (network: Network, perClass = 2): Batch => {
  const { x, size } = randomBatch(network, 3 * perClass);
  return { x, y: Int32Array.from({ length: size }, (_, n) => n % 3), size };
};

for (const activation of ['relu', 'tanh', 'sigmoid'] as const)
  for (const temperature of [1, 200])
    test(`${activation}, temperature ${temperature}: half the change of ||g||^2 per relative change of the weight (finite differences)`, async (t) => {
      const network = plain(activation);
      const parameters = randomParameters(network);
      const batch = balanced(network);
      const reference = mlpOf(sizes, parameters, activation);
      const norm = (l: number, i: number, j: number, delta: number) =>
        squaredNorm(lossAndGradient(nudged(reference, l, i, j, delta), batch, temperature).gradient);
      const step = 1e-6;
      const scores = await score(grasp, subjectOf(network, parameters, { batches: [batch] }), {
        samplesPerClass: 2,
        temperature,
      });
      reference.kernels.forEach((kernel, l) => {
        const expected = kernel.flatMap((row, i) =>
          Array.from(row, (w, j) => (0.5 * w * (norm(l, i, j, step) - norm(l, i, j, -step))) / (2 * step)),
        );
        t.true(relativeError(scores[`fc${l + 1}/kernel`], expected) < 1e-4);
      });
    });

test('of a network that is already pruned: half the change of ||g||^2 over the weights that are left (finite differences)', async (t) => {
  const network = plain('tanh');
  const batch = balanced(network);
  const full = randomParameters(network);
  const stream = randomStream(5, 'mask');
  const masks = Object.fromEntries(
    Object.entries(full).map(([name, { values }]) => [name, Uint8Array.from(values, () => +(stream.uniform() < 0.6))]),
  );
  const reference = mlpOf(sizes, applyMasks(full, masks), 'tanh');
  const maskOf = (l: number) => masks[`fc${l + 1}/kernel`];
  const norm = (l: number, i: number, j: number, delta: number) => {
    const { gradient } = lossAndGradient(nudged(reference, l, i, j, delta), batch);
    return squaredNorm(
      gradient.map((kernel, k) => kernel.map((row, r) => row.map((g, c) => g * maskOf(k)[r * row.length + c]))),
    );
  };
  const step = 1e-6;
  const scores = await score(grasp, subjectOf(network, full, { masks, batches: [batch] }), {
    samplesPerClass: 2,
    temperature: 1,
  });
  reference.kernels.forEach((kernel, l) => {
    const expected = kernel.flatMap((row, i) =>
      Array.from(row, (w, j) => (0.5 * w * (norm(l, i, j, step) - norm(l, i, j, -step))) / (2 * step)),
    );
    t.true(relativeError(scores[`fc${l + 1}/kernel`], expected) < 1e-4);
  });
});

test('masks that remove nothing change no bit', async (t) => {
  const network = convNet();
  const parameters = randomParameters(network);
  const batches = [balanced(network)];
  const ones = Object.fromEntries(
    prunableSpecs(network).map(({ name, shape }) => [name, new Uint8Array(sizeOf(shape)).fill(1)]),
  );
  const options = { samplesPerClass: 2 };
  t.deepEqual(
    await score(grasp, subjectOf(network, parameters, { masks: ones, batches }), options),
    await score(grasp, subjectOf(network, parameters, { batches }), options),
  );
});

for (const network of [plain('relu'), biasFree(convNet())])
  test(`${network.name}: ||g_l||^2 plus the layer's scores is the same number in every layer`, async (t) => {
    const parameters = randomParameters(network);
    const batch = balanced(network);
    const gradients = await meanGradients({ network, parameters, masks: {} }, [batch]);
    const scores = await score(grasp, subjectOf(network, parameters, { batches: [batch] }), {
      samplesPerClass: 2,
      temperature: 1,
    });
    const layers = Object.keys(scores).map((name) => dot(gradients[name], gradients[name]) + sum(scores[name]));
    const scale = sum(Object.values(gradients).map((g) => dot(g, g)));
    for (const layer of layers) closeTo(t, layer, layers[0], 1e-4 * scale, `${layers}`);
  });

test('squared error of one linear layer: the Hessian is X^T X / N', async (t) => {
  const network: Network = { ...mlp([4, 2], { useBias: false }), loss: 'squared-error' };
  const parameters = randomParameters(network);
  const { x } = randomBatch(network, 6);
  const y = Int32Array.from([0, 1, 0, 1, 0, 1]);
  const rows = Array.from({ length: 6 }, (_, n) => x.subarray(4 * n, 4 * n + 4));
  const w = parameters['fc1/kernel'].values;
  const gradient = new Float64Array(8);
  rows.forEach((row, n) => {
    for (let j = 0; j < 2; j++) {
      const residual = sum(Array.from(row, (v, i) => v * w[2 * i + j])) - (y[n] === j ? 1 : 0);
      for (let i = 0; i < 4; i++) gradient[2 * i + j] += (row[i] * residual) / 6;
    }
  });
  const expected = Array.from(w, (weight, flat) => {
    const [i, j] = [Math.floor(flat / 2), flat % 2];
    return weight * sum([0, 1, 2, 3].map((k) => (sum(rows.map((row) => row[i] * row[k])) / 6) * gradient[2 * k + j]));
  });
  const subject = subjectOf(network, parameters, { batches: [{ x, y, size: 6 }] });
  const scores = await score(grasp, subject, { samplesPerClass: 3, temperature: 1 });
  t.true(relativeError(scores['fc1/kernel'], expected) < 1e-5);
});

const direction = (
  parameters: ReturnType<typeof randomParameters>,
  kernels: readonly string[],
  seed: number,
): KernelGradients => {
  const stream = randomStream(seed, 'direction');
  return Object.fromEntries(
    kernels.map((name) => [name, Float64Array.from(parameters[name].values, () => stream.normal() / 10)]),
  );
};

for (const network of [convNet(), residualNet()])
  test(`${network.name}: the Hessian is symmetric, and linear in the vector`, async (t) => {
    const parameters = randomParameters(network);
    const batch = randomBatch(network, 8);
    const kernels = network.layers
      .filter(({ kind }) => kind === 'dense' || kind === 'conv2d')
      .map(({ name }) => `${name}/kernel`);
    const [u, v] = [direction(parameters, kernels, 1), direction(parameters, kernels, 2)];
    const product = (vector: KernelGradients) =>
      hessianVectorProduct({ network, parameters, masks: {} }, vector, [batch]);
    const inner = (a: KernelGradients, b: KernelGradients) => sum(kernels.map((name) => dot(a[name], b[name])));
    const [hu, hv] = [await product(u), await product(v)];
    const scale = Math.sqrt(inner(u, u) * inner(hv, hv));
    closeTo(t, inner(u, hv), inner(v, hu), 1e-4 * scale, `${inner(u, hv)} ${inner(v, hu)} ${scale}`);
    const mixed = await product(
      Object.fromEntries(kernels.map((name) => [name, u[name].map((value, i) => 2 * value - v[name][i])])),
    );
    for (const name of kernels)
      t.true(
        relativeError(
          mixed[name],
          hu[name].map((value, i) => 2 * value - hv[name][i]),
        ) < 1e-4,
      );
  });

const smoothModes = [smooth(convNet()), smooth(residualNet())].flatMap((network) =>
  (['batch', 'running'] as const).map((statistics) => ({ network, statistics })),
);
for (const { network, statistics } of smoothModes)
  test(`${network.name} with tanh and mean pooling, ${statistics} statistics: the product is the slope of the gradient (central differences)`, async (t) => {
    const parameters = randomParameters(network);
    const batch = randomBatch(network, 8);
    const kernels = network.layers
      .filter(({ kind }) => kind === 'dense' || kind === 'conv2d')
      .map(({ name }) => `${name}/kernel`);
    const vector = direction(parameters, kernels, 3);
    const step = 2e-2;
    const gradientAt = (sign: number) =>
      meanGradients(
        {
          network,
          masks: {},
          parameters: withValues(
            parameters,
            Object.fromEntries(
              kernels.map((name) => [name, parameters[name].values.map((w, i) => w + sign * step * vector[name][i])]),
            ),
          ),
        },
        [batch],
        { statistics },
      );
    const [up, down] = [await gradientAt(1), await gradientAt(-1)];
    const subject = { network, parameters, masks: {} };
    const product = await hessianVectorProduct(subject, vector, [batch], { statistics });
    for (const name of kernels) {
      const slope = up[name].map((value, i) => (value - down[name][i]) / (2 * step));
      t.true(relativeError(product[name], slope) < 5e-3, `${name} ${relativeError(product[name], slope)}`);
    }
  });

test('the order of the examples does not matter, and every class has its share of every batch', async (t) => {
  const network = plain('relu');
  const parameters = randomParameters(network);
  const { x, y, size } = balanced(network, 4);
  const order = [...randomStream(1, 'order').permutation(size)];
  const shuffled = {
    x: Float32Array.from(order.flatMap((n) => [...x.subarray(6 * n, 6 * n + 6)])),
    y: y.map((_, i) => y[order[i]]),
    size,
  };
  const scores = (batch: Batch, batchSize: number) =>
    score(grasp, subjectOf(network, parameters, { batches: [batch] }), { samplesPerClass: 4, batchSize });
  const [one, other, chunks] = [
    await scores({ x, y, size }, 50),
    await scores(shuffled, 50),
    await scores({ x, y, size }, 5),
  ];
  for (const name of Object.keys(one)) {
    t.true(relativeError(other[name], one[name]) < 1e-4);
    t.true(relativeError(chunks[name], one[name]) < 1e-4);
  }
});

test('too few examples of a class: an error that says which and what to lower', async (t) => {
  const network = plain('relu');
  const subject = subjectOf(network, randomParameters(network), { batches: [balanced(network, 2)] });
  const error = await t.throwsAsync(async () => score(grasp, subject, { samplesPerClass: 3 }), {
    instanceOf: PrunebenchError,
  });
  t.regex(error.message, /2 examples of class 0, where 3/);
  t.regex((error as PrunebenchError).remedy!, /samplesPerClass/);
});

test('maximum pooling with overlapping windows is refused', async (t) => {
  const network = defineNetwork({
    ...convNet(),
    layers: convNet().layers.map((layer) =>
      layer.kind === 'maxPool' ? { ...layer, strides: [1, 1] as const } : layer,
    ),
  });
  const subject = subjectOf(network, randomParameters(network), { batches: [balanced(network)] });
  await t.throwsAsync(async () => score(grasp, subject, { samplesPerClass: 2 }), {
    instanceOf: PrunebenchError,
    message: /pool1/,
  });
});

// Serial: scores are awaited, and other tests' tensors would be alive meanwhile.
test.serial('no tensor is left behind', async (t) => {
  const network = convNet();
  const subject = subjectOf(network, randomParameters(network), { batches: [balanced(network)] });
  const before = tf.memory().numTensors;
  await score(grasp, subject, { samplesPerClass: 2 });
  t.is(tf.memory().numTensors, before);
});

/** Without biases and batch norm: positively homogeneous in every kernel. */
function biasFree(network: Network): Network {
  return defineNetwork({
    ...network,
    layers: network.layers
      .filter(({ kind }) => kind !== 'batchNorm')
      .map((layer) => ({ ...layer, inputs: layer.inputs.map((name) => (name === 'bn1' ? 'conv1' : name)) }))
      .map((layer) => (layer.kind === 'conv2d' || layer.kind === 'dense' ? { ...layer, useBias: false } : layer)),
  });
}

/** The same network without kinks. */
function smooth(network: Network): Network {
  return defineNetwork({
    ...network,
    layers: network.layers.map((layer) => {
      if (layer.kind === 'activation') return { ...layer, activation: 'tanh' };
      return layer.kind === 'maxPool' ? { ...layer, kind: 'avgPool' } : layer;
    }),
  });
}
