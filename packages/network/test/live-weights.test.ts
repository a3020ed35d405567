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
  type NetworkWithState,
  type ParameterRecord,
  parameterSpecs,
  prunableSpecs,
  prunableUnits,
  randomStream,
  recordedCosts,
  sizeOf,
  unitMasks,
  withoutRemovedUnits,
} from '@prunebench/core';
import { liveWeights, weightsOnPaths } from '@prunebench/core/graph/live-weights';
import { intersect } from '@prunebench/core/masks';
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
      const expected = leftWithGradient(network, masks, 'constants', 'layers');
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

  test(`${network.name}: the shrunk network gives the same outputs, and its masks leave what does something`, (t) => {
    let smaller = 0;
    for (const masks of cases) {
      const state = { parameters: positiveParameters(network, 'constants'), masks };
      const shrunk = withoutRemovedUnits(network, state);
      t.is(walked(shrunk), count(plain(liveWeights(network, state))));
      const [before, after] = [costOf(network, masks), costOf(shrunk.network, shrunk.state.masks)];
      t.is(after.effective.remaining, before.effective.remaining);
      if (after.parameters.total < before.parameters.total) smaller++;
      const [expected, actual] = [outputs(network, state), outputs(shrunk.network, shrunk.state)];
      for (const [i, value] of expected.entries()) t.true(Math.abs(actual[i] - value) <= 1e-5 * Math.abs(value) + 1e-6);
    }
    t.true(smaller > 0, 'units went');
  });

  // Behind a grouped convolution a unit may be left that nobody reads.
  const hasGroups = network.layers.some((layer) => layer.kind === 'conv2d' && layer.groups > 1);
  if (prunableUnits(network).length > 0 && !hasGroups)
    test(`${network.name}: after unit pruning costs are those of the shrunk network, counted by walking over it`, (t) => {
      for (const seed of [1, 2, 3, 4]) {
        const masks = randomUnitMasks(network, seed);
        const shrunk = withoutRemovedUnits(network, { parameters: positiveParameters(network, 'constants'), masks });
        const cost = costOf(network, masks);
        t.is(walked(shrunk), cost.parameters.remaining);
        t.is(costOf(shrunk.network, shrunk.state.masks).multiplyAdds.remaining, cost.multiplyAdds.remaining);
      }
    });
}

/** Units of every kernel that may lose some, at random; at least one stays. */
function randomUnitMasks(network: Network, seed: number): Masks {
  const random = randomStream(seed);
  const specs = new Map(parameterSpecs(network).map((spec) => [spec.name, spec]));
  return prunableUnits(network).reduce<Masks>((masks, name) => {
    const kept = Uint8Array.from({ length: specs.get(name)!.shape.at(-1)! }, () => (random.uniform() < 0.5 ? 1 : 0));
    kept[random.integer(kept.length)] = 1;
    return intersect(masks, unitMasks(network, name, kept));
  }, {});
}

/** What the masks of a network leave, parameter by parameter. */
function walked({ network, state }: NetworkWithState): number {
  return parameterSpecs(network)
    .filter(({ trainable }) => trainable)
    .flatMap(({ name, shape }) => [...(state.masks[name] ?? new Uint8Array(sizeOf(shape)).fill(1))])
    .filter(Boolean).length;
}

function outputs(network: Network, { parameters, masks }: { parameters: ParameterRecord; masks: Masks }): Float32Array {
  return tf.tidy(() => {
    const tensors = Object.entries(applyMasks(parameters, masks)).map(([name, { values, shape }]) => [
      name,
      tf.tensor(values, [...shape]),
    ]);
    const x = tf.randomUniform([3, ...network.inputShape], -1, 1, 'float32', 7);
    return forward(network, Object.fromEntries(tensors), x).dataSync() as Float32Array;
  });
}

test('a network cut in two has no effective weight, says so, and shrinks to one unit', (t) => {
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
  // Unit 1 has a bias: what reads it needs the constant.
  const { state } = withoutRemovedUnits(network, { parameters: positiveParameters(network, 'constants'), masks });
  t.deepEqual(state.parameters['fc1/kernel'].shape, [4, 1]);
  t.deepEqual(state.parameters['fc2/kernel'].shape, [1, 2]);
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
