import '@tensorflow/tfjs-backend-cpu';
// Loaded for its side effect: it registers the gradients of all operations.
import '@tensorflow/tfjs-layers';
import {
  applyMasks,
  costOf,
  effectiveSparsity,
  type Masks,
  maskedSparsity,
  type Network,
  type ParameterRecord,
  parameterSpecs,
  prunableSpecs,
  randomStream,
  recordedCosts,
  sizeOf,
} from '@prunebench/core';
import { liveWeights, weightsOnPaths } from '@prunebench/core/graph/live-weights';
import { act, conv, denseNetwork, mixedNetworks } from '@prunebench/core/test-networks';
import { forward, initializeParameters } from '@prunebench/network';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';

test.before(() => tf.setBackend('cpu'));

type Values = 'constants' | 'no constants';

/**
 * Parameters that leave no gradient 0 by chance: all positive, so that nothing cancels and every ReLU fires; batch norms make
 * something of nothing. Without constants a channel that no input reaches is 0.
 */
function positiveParameters(network: Network, values: Values): ParameterRecord {
  const random = randomStream(3);
  const initial = initializeParameters(network, random);
  return Object.fromEntries(
    Object.entries(initial).map(
      ([
        name,
        {
          shape,
          values: { length },
        },
      ]) => {
        const isConstant = /bias|beta|movingMean/.test(name);
        const sign = name.endsWith('movingMean') ? -1 : 1;
        const draw = () => (isConstant && values === 'no constants' ? 0 : sign * (0.05 + 0.2 * random.uniform()));
        return [name, { shape, values: Float32Array.from({ length }, draw) }];
      },
    ),
  );
}

/**
 * 1 for what is left and moves the sum of the outputs (of the network, or of each of its layers), by backpropagation; the graph is
 * not looked at.
 */
function leftWithGradient(
  network: Network,
  masks: Masks,
  values: Values,
  of: 'network' | 'layers' = 'network',
): Record<string, number[]> {
  const parameters = applyMasks(positiveParameters(network, values), masks);
  const trained = parameterSpecs(network).filter(({ trainable }) => trainable);
  return tf.tidy(() => {
    const tensors = Object.fromEntries(
      Object.entries(parameters).map(([name, { shape, values: own }]) => [name, tf.tensor(own, [...shape])]),
    );
    const x = tf.randomUniform([4, ...network.inputShape], 0.1, 1, 'float32', 5);
    const gradients = tf.grads((...own: tf.Tensor[]) => {
      const current = { ...tensors, ...Object.fromEntries(trained.map(({ name }, i) => [name, own[i]])) };
      if (of === 'network') return tf.sum(forward(network, current, x));
      const sums: tf.Scalar[] = [];
      const tap = (_: unknown, y: tf.Tensor) => {
        sums.push(tf.sum(y));
        return y;
      };
      forward(network, current, x, { hooks: [{ output: tap }] });
      return tf.addN(sums);
    })(trained.map(({ name }) => tensors[name]));
    return Object.fromEntries(
      trained.map(({ name }, i) => [
        name,
        Array.from(gradients[i].dataSync(), (g, flat) => (g !== 0 && masks[name]?.[flat] !== 0 ? 1 : 0)),
      ]),
    );
  });
}

function randomMasks(network: Network, density: number, seed: number): Masks {
  const random = randomStream(seed);
  return Object.fromEntries(
    parameterSpecs(network)
      .filter(({ trainable }) => trainable)
      .map(({ name, shape }) => [
        name,
        Uint8Array.from({ length: sizeOf(shape) }, () => (random.uniform() < density ? 1 : 0)),
      ]),
  );
}

const plain = (masks: Masks) => Object.fromEntries(Object.entries(masks).map(([name, mask]) => [name, [...mask]]));
const count = (lists: Record<string, readonly number[]>) => Object.values(lists).flat().filter(Boolean).length;

const withTanh = (network: Network): Network => ({
  ...network,
  layers: network.layers.map((layer) =>
    layer.kind === 'activation' && layer.activation === 'sigmoid' ? act(layer.name, layer.inputs[0], 'tanh') : layer,
  ),
});

for (const network of mixedNetworks) {
  const cases = [0.08, 0.2, 0.4, 0.7].flatMap((density) =>
    [1, 2, 3].map((seed) => randomMasks(network, density, seed)),
  );

  test(`${network.name}: what does something is what is left and moves an output`, (t) => {
    for (const masks of cases)
      t.deepEqual(plain(liveWeights(network, { masks })), leftWithGradient(network, masks, 'constants'));
  });

  test(`${network.name}: costs are of what is left and moves the output of its own layer`, (t) => {
    for (const masks of cases) {
      // The constant of a sigmoid that nothing feeds goes into the bias of what reads it; tanh has none.
      const expected = leftWithGradient(withTanh(network), masks, 'constants', 'layers');
      const { parameters, multiplyAdds, layers } = costOf(network, masks);
      t.is(parameters.remaining, count(expected));
      t.is(
        multiplyAdds.remaining,
        layers.reduce((sum, { name, multiplyAdds: { dense }, weights }) => {
          return sum + (dense / weights) * expected[name].filter(Boolean).length;
        }, 0),
      );
    }
  });

  test(`${network.name}: effective weights are those with a gradient where nothing is constant`, (t) => {
    const kernels = prunableSpecs(network).map(({ name }) => name);
    for (const masks of cases) {
      // A constant of a sigmoid is no path either; tanh gives none.
      const all = leftWithGradient(withTanh(network), masks, 'no constants');
      const expected = Object.fromEntries(kernels.map((name) => [name, all[name]]));
      t.deepEqual(plain(weightsOnPaths(network, { masks })), expected);
      const { effective } = costOf(network, masks);
      t.is(effective.remaining, count(expected));
      t.is(effectiveSparsity(network, masks), 1 - effective.remaining / effective.total);
      t.deepEqual(
        effective.cutLayers,
        kernels.filter((name) => masks[name].includes(1) && !expected[name].includes(1)),
      );
    }
  });
}

test('a network cut in two has no effective weight, and says so', (t) => {
  const network = denseNetwork([4, 4, 2]);
  // All four weights into unit 0, which nobody reads, and both out of unit 1, which reads nothing.
  const masks = {
    'fc1/kernel': Uint8Array.from({ length: 16 }, (_, i) => (i % 4 === 0 ? 1 : 0)),
    'fc2/kernel': Uint8Array.of(0, 0, 1, 1, 0, 0, 0, 0),
  };
  const { prunable, effective, multiplyAdds } = costOf(network, masks);
  t.deepEqual(prunable, { total: 24, remaining: 6 });
  t.is(maskedSparsity(network, masks), 0.75);
  t.deepEqual(effective, { total: 24, remaining: 0, cutLayers: ['fc1/kernel', 'fc2/kernel'] });
  t.is(effectiveSparsity(network, masks), 1);
  t.is(multiplyAdds.remaining, 6, 'no unit is removed');
});

test('a whole network is effective, and one unmasked unit that reads nothing is not', (t) => {
  t.is(effectiveSparsity(denseNetwork([3, 4, 2]), {}), 0);
  const masks = { 'fc1/kernel': Uint8Array.from({ length: 12 }, (_, i) => (i % 4 === 1 ? 0 : 1)) };
  t.is(effectiveSparsity(denseNetwork([3, 4, 2]), masks), 1 - 15 / 20);
  t.is(maskedSparsity(denseNetwork([3, 4, 2]), masks), 3 / 20);
});

test('an emptied network: its ratios are infinite, not wrong', (t) => {
  const network: Network = { name: 'one', inputShape: [4, 4, 1], layers: [conv('c', 'input', 2)] };
  const cost = costOf(network, { 'c/kernel': new Uint8Array(18) });
  t.is(cost.compressionRatio, Number.POSITIVE_INFINITY);
  t.is(cost.theoreticalSpeedup, Number.POSITIVE_INFINITY);
  t.like(recordedCosts(cost), {
    compressionRatio: null,
    theoreticalSpeedup: null,
    effective: { remaining: 0, sparsity: 1 },
  });
});
