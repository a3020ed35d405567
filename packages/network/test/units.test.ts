import '@tensorflow/tfjs-backend-cpu';
import {
  applyMasks,
  defineNetwork,
  type Network,
  type ParameterRecord,
  prunableUnits,
  randomStream,
  unitMasks,
} from '@prunebench/core';
import { act, batchNorm, conv, dense, denseNetwork, residualNetwork } from '@prunebench/core/test-networks';
import { forward, initializeParameters } from '@prunebench/network';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';

const convolutional: Network = defineNetwork({
  name: 'convolutional',
  inputShape: [4, 4, 1],
  layers: [
    conv('conv1', 'input', 3, { useBias: true }),
    batchNorm('bn1', 'conv1'),
    act('tanh1', 'bn1', 'tanh'),
    { kind: 'maxPool', name: 'pool', inputs: ['tanh1'], size: [2, 2], strides: [2, 2], padding: 'valid' },
    { kind: 'flatten', name: 'flat', inputs: ['pool'] },
    batchNorm('bn2', 'flat'),
    dense('fc1', 'bn2', 4),
    act('relu2', 'fc1'),
    dense('fc2', 'relu2', 2),
  ],
});

test('output layers and residual branches are not removable, nor what a sigmoid gives to a zero-padded border', (t) => {
  t.deepEqual(prunableUnits(convolutional), ['conv1/kernel', 'fc1/kernel']);
  t.deepEqual(prunableUnits(residualNetwork), ['conv2/kernel']);
  t.deepEqual(prunableUnits(denseNetwork([3, 2, 1], 'sigmoid')), ['fc1/kernel']);
  for (const [padding, size, removable] of [
    ['same', 3, []],
    ['same', 1, ['conv1/kernel']],
    ['valid', 3, ['conv1/kernel']],
  ] as const) {
    const sigmoid = defineNetwork({
      name: 'sigmoid',
      inputShape: [4, 4, 2],
      layers: [
        conv('conv1', 'input', 3),
        act('sigmoid', 'conv1', 'sigmoid'),
        conv('conv2', 'sigmoid', 2, { padding, kernelSize: [size, size] }),
      ],
    });
    t.deepEqual(prunableUnits(sigmoid), [...removable]);
  }
  t.deepEqual(prunableUnits(denseNetwork([3, 2])), []);
  const ending = defineNetwork({ name: 'e', inputShape: [2], layers: [dense('fc', 'input', 2), act('out', 'fc')] });
  t.deepEqual(prunableUnits(ending), []);
});

test('unit masks follow the channels through batch norm, pooling and flatten, up to the next kernel', (t) => {
  const masks = unitMasks(convolutional, 'conv1/kernel', Uint8Array.of(1, 0, 1));
  t.deepEqual(Object.keys(masks).sort(), [
    'bn1/beta',
    'bn1/gamma',
    'bn2/beta',
    'bn2/gamma',
    'conv1/bias',
    'conv1/kernel',
  ]);
  t.deepEqual([...masks['bn2/gamma']], [1, 0, 1, 1, 0, 1, 1, 0, 1, 1, 0, 1]);
  t.deepEqual(
    [...masks['conv1/kernel']],
    Array.from({ length: 27 }, (_, i) => (i % 3 === 1 ? 0 : 1)),
  );
  t.throws(() => unitMasks(convolutional, 'conv1/kernel', Uint8Array.of(1, 0)), { message: /3 units/ });
  t.throws(() => unitMasks(convolutional, 'bn1/gamma', Uint8Array.of(1)), { message: /no kernel/ });
});

/** Without unit 1 of conv1: every parameter that mentions it is cut out by hand. */
function surgery(p: ParameterRecord): { network: Network; parameters: ParameterRecord } {
  const cut = (name: string, shape: number[], dropped: (i: number) => boolean) => ({
    [name]: { shape, values: p[name].values.filter((_, i) => !dropped(i)) },
  });
  const channel = (i: number) => i % 3 === 1;
  const vectors = (layer: string, size: number) =>
    ['gamma', 'beta', 'movingMean', 'movingVariance'].map((role) => cut(`${layer}/${role}`, [size], channel));
  const network: Network = {
    ...convolutional,
    layers: convolutional.layers.map((layer) =>
      layer.name === 'conv1' && layer.kind === 'conv2d' ? { ...layer, filters: 2 } : layer,
    ),
  };
  const parameters = Object.assign(
    { ...p },
    cut('conv1/kernel', [3, 3, 1, 2], channel),
    cut('conv1/bias', [2], channel),
    ...vectors('bn1', 2),
    ...vectors('bn2', 8),
    cut('fc1/kernel', [8, 4], (i) => Math.floor(i / 4) % 3 === 1),
  );
  return { network, parameters };
}

test('masking a unit gives the same outputs as cutting it out', (t) => {
  const random = randomStream(5);
  const initial = initializeParameters(convolutional, random);
  const parameters = Object.fromEntries(
    Object.entries(initial).map(([name, { shape, values }]) => [
      name,
      { shape, values: values.map((v) => (name.endsWith('kernel') ? v : 0.5 + random.uniform())) },
    ]),
  );
  const x = Float32Array.from({ length: 5 * 16 }, () => random.normal());
  const run = (network: Network, record: ParameterRecord) =>
    tf.tidy(() => {
      const tensors = Object.fromEntries(
        Object.entries(record).map(([name, { shape, values }]) => [name, tf.tensor(values, [...shape])]),
      );
      return forward(network, tensors, tf.tensor(x, [5, 4, 4, 1])).dataSync();
    });
  const masked = run(
    convolutional,
    applyMasks(parameters, unitMasks(convolutional, 'conv1/kernel', Uint8Array.of(1, 0, 1))),
  );
  const small = surgery(parameters);
  const cutOut = run(small.network, small.parameters);
  t.is(cutOut.length, 10);
  for (const [i, value] of cutOut.entries()) t.true(Math.abs(value - masked[i]) < 1e-5 * (1 + Math.abs(value)));
  t.notDeepEqual(masked, run(convolutional, parameters));
});
