// Sparse training on the native backend against dense, masked training on the stock cpu backend.
import { captureStep, registerNativeBackend, setThreads } from '@prunebench/backend-native';
import {
  defineNetwork,
  INPUT,
  type Layer,
  type Masks,
  type Network,
  prunableSpecs,
  randomStream,
  sizeOf,
  type TrainOptionsInput,
  trainOptions,
} from '@prunebench/core';
import { type Extension, initializeParameters, registerStepCompiler } from '@prunebench/network';
import { convNet, extended, mlp, relativeError, residualNet } from '@prunebench/testing';
import { toyDataset } from '@prunebench/testing/toy-dataset';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { train } from '../src/index.ts';

test.before(() => registerNativeBackend({ threads: 2 }));
test.afterEach.always(() => registerStepCompiler('native', undefined));

function masksOf(network: Network, density: number): Masks {
  return Object.fromEntries(
    prunableSpecs(network).map(({ name, shape }) => {
      const size = sizeOf(shape);
      const mask = new Uint8Array(size);
      const kept = randomStream(3, `masks/${name}`)
        .permutation(size)
        .subarray(0, Math.ceil(size * density));
      for (const i of kept) mask[i] = 1;
      return [name, mask];
    }),
  );
}

interface Run {
  backend: 'cpu' | 'native';
  options?: Partial<TrainOptionsInput>;
  compiled?: boolean;
  density?: number;
  extensions?: readonly Extension[];
}

async function run(network: Network, { backend, options, compiled = false, density = 0.15, extensions = [] }: Run) {
  await tf.setBackend(backend);
  const compile: Parameters<typeof registerStepCompiler>[1] = (body, examples, state) =>
    captureStep(body, examples, { state });
  registerStepCompiler('native', compiled ? compile : undefined);
  const dataset = toyDataset({
    inputShape: network.inputShape,
    classes: 3,
    sizes: { train: 50, validation: 12, test: 12 },
  });
  const state = { parameters: initializeParameters(network, randomStream(1)), masks: masksOf(network, density) };
  const { listed, known } = extended(...extensions);
  const budget = { epochs: 3, batchSize: 20, learningRate: 0.05, weightDecay: 0.01, extensions: listed };
  const parsed = trainOptions.parse({ ...budget, ...options });
  return train(network, state, dataset, parsed, { random: randomStream(1), extensions: known });
}

/** Without the biases that a batch norm takes away again: they move by rounding alone. */
function withoutIdleBiases(network: Network): Network {
  const normed = new Set(network.layers.filter(({ kind }) => kind === 'batchNorm').map(({ inputs }) => inputs[0]));
  const layers = network.layers.map((layer) =>
    layer.kind === 'conv2d' && normed.has(layer.name) ? { ...layer, useBias: false } : layer,
  );
  return { ...network, layers };
}

/** A residual block whose shortcut and first convolution halve what they both read. */
function halvingNet(): Network {
  const conv = (name: string, input: string, filters: number, stride: number): Layer => ({
    ...{ kind: 'conv2d', name, inputs: [input], filters, kernelSize: [3, 3], strides: [stride, stride] },
    ...{ dilation: [1, 1], padding: 'same', groups: 1, useBias: false },
  });
  const norm = (name: string, input: string): Layer => ({
    ...{ kind: 'batchNorm', name, inputs: [input], epsilon: 1e-3, momentum: 0.9 },
  });
  const relu = (name: string, input: string): Layer => ({
    ...{ kind: 'activation', name, inputs: [input], activation: 'relu' },
  });
  return defineNetwork({
    name: 'halving-net',
    inputShape: [7, 6, 3],
    layers: [
      conv('stem', INPUT, 4, 1),
      norm('bn0', 'stem'),
      relu('relu0', 'bn0'),
      { kind: 'subsamplePad', name: 'shortcut', inputs: ['relu0'], stride: 2, channels: 6 },
      conv('conv1', 'relu0', 6, 2),
      norm('bn1', 'conv1'),
      relu('relu1', 'bn1'),
      conv('conv2', 'relu1', 6, 1),
      norm('bn2', 'conv2'),
      { kind: 'add', name: 'add', inputs: ['bn2', 'shortcut'] },
      relu('relu2', 'add'),
      { kind: 'globalAveragePool', name: 'pool', inputs: ['relu2'] },
      { kind: 'dense', name: 'fc', inputs: ['pool'], units: 3, useBias: true },
    ],
  });
}

const networks = [mlp([40, 30, 20, 3]), withoutIdleBiases(convNet()), withoutIdleBiases(residualNet()), halvingNet()];
const optimizers = [{ kind: 'sgd', momentum: 0.9 }, { kind: 'adamw' }] as const;

/** Nine steps; sums are taken in another order, and steps carry the difference on. */
const BOUND = 1e-4;

for (const network of networks)
  for (const optimizer of optimizers)
    test.serial(`${network.name}, ${optimizer.kind}: sparse steps do what dense, masked steps do`, async (t) => {
      const options = { optimizer, learningRate: optimizer.kind === 'sgd' ? 0.05 : 0.003 };
      const dense = await run(network, { backend: 'cpu', options });
      t.is(dense.metrics.sparseKernels, undefined);
      const sparse = await run(network, { backend: 'native', options: { ...options, sparse: 'auto' } });
      t.deepEqual(
        sparse.metrics.sparseKernels,
        prunableSpecs(network).map(({ name }) => name),
      );
      for (const [name, { values }] of Object.entries(dense.state.parameters))
        t.true(relativeError(sparse.state.parameters[name].values, values) < BOUND, name);
      for (const [name, mask] of Object.entries(dense.state.masks))
        t.true(
          mask.every((keep, i) => keep === 1 || sparse.state.parameters[name].values[i] === 0),
          name,
        );
    });

for (const network of networks)
  test.serial(`${network.name}: captured, eager, with one thread or three: the same bits`, async (t) => {
    const options = { sparse: 'auto', epochs: 5 } as const;
    const eager = await run(network, { backend: 'native', options });
    for (const threads of [1, 3]) {
      setThreads(threads);
      const captured = await run(network, { backend: 'native', options, compiled: true });
      t.deepEqual(captured.state, eager.state);
      t.deepEqual(captured.metrics, eager.metrics);
    }
    setThreads(2);
  });

test.serial('what an extension changes between epochs, sparse steps go on from, captured or not', async (t) => {
  const [network] = networks;
  const seen: number[] = [];
  const shrink: Extension = {
    events: { every: 'epoch' },
    async event(training) {
      const name = 'fc1/kernel';
      const values = await training.read(name);
      seen.push(values.reduce((sum, w) => sum + Math.abs(w), 0));
      training.write(
        name,
        values.map((w) => w / 2),
      );
    },
  };
  const extensions = [shrink];
  const dense = await run(network, { backend: 'cpu', extensions });
  for (const compiled of [false, true]) {
    const sparse = await run(network, { backend: 'native', options: { sparse: 'auto' }, extensions, compiled });
    t.is((sparse.metrics.sparseKernels as string[]).length, 3);
    for (const [name, { values }] of Object.entries(dense.state.parameters))
      t.true(relativeError(sparse.state.parameters[name].values, values) < BOUND, name);
  }
  t.is(seen.length, 9);
  t.true(relativeError(seen.slice(3, 6), seen.slice(0, 3)) < BOUND);
  t.deepEqual(seen.slice(6), seen.slice(3, 6));
});

test.serial('steps are dense unless sparse ones are asked for and few weights are kept', async (t) => {
  const [network] = networks;
  const never = await run(network, { backend: 'native' });
  t.is(never.metrics.sparseKernels, undefined);
  const many = await run(network, { backend: 'native', options: { sparse: 'auto' }, density: 0.6 });
  t.is(many.metrics.sparseKernels, undefined);
  const stock = await run(network, { backend: 'cpu', options: { sparse: 'auto' } });
  t.is(stock.metrics.sparseKernels, undefined);
});

test.serial('nothing is left behind', async (t) => {
  await run(networks[2], { backend: 'native', options: { sparse: 'auto' }, compiled: true });
  const before = tf.memory().numTensors;
  await run(networks[2], { backend: 'native', options: { sparse: 'auto' }, compiled: true });
  t.is(tf.memory().numTensors, before);
});
