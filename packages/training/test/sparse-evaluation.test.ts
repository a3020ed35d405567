/** Layers with few weights are evaluated by those alone: what comes out has the bits of the dense forward pass. */
import { registerNativeBackend } from '@prunebench/backend-native';
import { defineNetwork, type Network, type ParameterRecord, parameterSpecs, randomStream } from '@prunebench/core';
import { conv2d, dense, flatten, maxPool2x2, relu, sequential } from '@prunebench/core/layers';
import { forward, parameterTensors, TensorScope } from '@prunebench/network';
import { splitOf } from '@prunebench/testing/toy-dataset';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { Evaluator } from '../src/evaluate.ts';
import { uploadState } from '../src/iteration/parameter-variables.ts';
import { SparseEvaluation } from '../src/sparse/sparse-evaluation.ts';

test.before(async () => {
  await registerNativeBackend({ threads: 2 });
  await tf.setBackend('native');
});

const SIZE = 250;

const perceptron = defineNetwork({
  name: 'perceptron',
  inputShape: [784],
  layers: sequential([
    dense('fc1', 300),
    relu('relu1'),
    dense('fc2', 100, { useBias: false }),
    relu('relu2'),
    dense('fc3', 10),
  ]),
});
const convolutional = defineNetwork({
  name: 'convolutional',
  inputShape: [12, 12, 1],
  layers: sequential([
    conv2d('conv', 20, 5, { padding: 'valid' }),
    maxPool2x2('pool'),
    flatten('flatten'),
    dense('fc1', 500),
    relu('relu'),
    dense('fc2', 10),
  ]),
});

/** Random weights of which a share is 0, some of them -0. */
function weights(network: Network, density: number, seed: number): ParameterRecord {
  const random = randomStream(seed, 'weights');
  return Object.fromEntries(
    parameterSpecs(network).map(({ name, shape, role }) => {
      const values = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => {
        const w = random.normal() / 10;
        if (role !== 'kernel' || random.uniform() < density) return w;
        return w < 0 ? -0 : 0;
      });
      return [name, { shape, values }];
    }),
  );
}

function batchOf(network: Network, seed: number): Float32Array {
  const random = randomStream(seed, 'batch');
  const length = SIZE * network.inputShape.reduce((a, b) => a * b, 1);
  return Float32Array.from({ length }, () => Math.max(0, random.normal()));
}

function denseOutputs(network: Network, parameters: ParameterRecord, x: Float32Array): number[] {
  using scope = new TensorScope();
  const tensors = scope.own(parameterTensors(parameters));
  const outputs = scope.make(() => forward(network, tensors, tf.tensor(x, [SIZE, ...network.inputShape])));
  return [...outputs.dataSync()];
}

for (const network of [perceptron, convolutional])
  for (const density of [0.3, 0.1, 0.02, 0.001])
    test(`${network.name} with a share of ${density} left`, async (t) => {
      for (const seed of [1, 2]) {
        const parameters = weights(network, density * 0.95, seed);
        const x = batchOf(network, seed);
        using scope = new TensorScope();
        const { variables } = uploadState(network, { parameters, masks: {} }, scope);
        using chosen = new SparseEvaluation(network, variables, SIZE);
        chosen.refresh();
        t.true(chosen.kernels.has('fc1/kernel'));
        using evaluator = new Evaluator(network, variables);
        evaluator.compile();
        t.deepEqual(Array.from(await evaluator.outputs(x, SIZE)), denseOutputs(network, parameters, x));
      }
    });

test('weights that change between evaluations, and others than before, are seen', async (t) => {
  const x = batchOf(perceptron, 1);
  using scope = new TensorScope();
  const { variables } = uploadState(perceptron, { parameters: weights(perceptron, 0.1, 1), masks: {} }, scope);
  const images = Array.from({ length: 4 * SIZE }, (_, i) => [...x.subarray((i % SIZE) * 784, ((i % SIZE) + 1) * 784)]);
  const split = splitOf(
    images,
    images.map((_, i) => i % 10),
  );
  using evaluator = new Evaluator(perceptron, variables);
  // The same places, fewer of them, others, and a layer that is dense again.
  const doubled = Object.entries(weights(perceptron, 0.1, 1)).map(([name, { shape, values }]) => {
    return [name, { shape, values: values.map((w) => 2 * w) }] as const;
  });
  const later = [
    Object.fromEntries(doubled),
    weights(perceptron, 0.01, 1),
    weights(perceptron, 0.1, 2),
    weights(perceptron, 0.9, 3),
  ];
  await evaluator.evaluate(split);
  for (const parameters of later) {
    for (const [name, { shape, values }] of Object.entries(parameters))
      tf.tidy(() => variables[name].assign(tf.tensor(values, [...shape])));
    await evaluator.evaluate(split);
    t.deepEqual(Array.from(await evaluator.outputs(x, SIZE)), denseOutputs(perceptron, parameters, x));
  }
});

test('long sums, which the dense product takes in slices, and small batches stay dense', (t) => {
  const wide = defineNetwork({ name: 'wide', inputShape: [801], layers: sequential([dense('fc', 10)]) });
  for (const [network, size, count] of [
    [wide, SIZE, 0],
    [perceptron, 8, 0],
    [perceptron, SIZE, 3],
  ] as const) {
    using scope = new TensorScope();
    const { variables } = uploadState(network, { parameters: weights(network, 0.1, 1), masks: {} }, scope);
    using chosen = new SparseEvaluation(network, variables, size);
    chosen.refresh();
    t.is(chosen.kernels.size, count);
  }
});

test('nothing is left behind', (t) => {
  const before = tf.memory().numTensors;
  {
    using scope = new TensorScope();
    const { variables } = uploadState(perceptron, { parameters: weights(perceptron, 0.1, 1), masks: {} }, scope);
    using evaluator = new Evaluator(perceptron, variables);
    evaluator.compile();
    tf.tidy(() => variables['fc1/kernel'].assign(tf.onesLike(variables['fc1/kernel'])));
    evaluator.compile();
  }
  t.is(tf.memory().numTensors, before);
});
