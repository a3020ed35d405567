import '@tensorflow/tfjs-backend-cpu';
import {
  applyMasks,
  defineNetwork,
  type Masks,
  type Network,
  type ParameterRecord,
  parameterSpecs,
  randomStream,
  type State,
  unitMasks,
  withoutRemovedUnits,
} from '@prunebench/core';
import { intersect } from '@prunebench/core/masks';
import { act, batchNorm, conv, dense, denseNetwork, residualNetwork } from '@prunebench/core/test-networks';
import { forward, initializeParameters } from '@prunebench/network';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';

const convolutional: Network = defineNetwork({
  name: 'convolutional',
  inputShape: [4, 4, 2],
  layers: [
    conv('conv1', 'input', 3, { useBias: true }),
    batchNorm('bn1', 'conv1'),
    act('relu1', 'bn1'),
    conv('conv2', 'relu1', 4, { useBias: true }),
    act('tanh2', 'conv2', 'tanh'),
    { kind: 'flatten', name: 'flat', inputs: ['tanh2'] },
    batchNorm('bn2', 'flat'),
    dense('fc1', 'bn2', 5),
    act('relu3', 'fc1'),
    dense('fc2', 'relu3', 2),
  ],
});

/** Parameters of which none is 0 or 1, running statistics included. */
function randomParameters(network: Network): ParameterRecord {
  const random = randomStream(4);
  return Object.fromEntries(
    Object.entries(initializeParameters(network, random)).map(([name, { shape, values }]) => [
      name,
      { shape, values: values.map(() => 0.2 + random.uniform()) },
    ]),
  );
}

function outputs(network: Network, { parameters, masks }: State): Float32Array {
  return tf.tidy(() => {
    const tensors = Object.entries(applyMasks(parameters, masks)).map(([name, { values, shape }]) => [
      name,
      tf.tensor(values, [...shape]),
    ]);
    const x = tf.randomUniform([3, ...network.inputShape], -1, 1, 'float32', 7);
    return forward(network, Object.fromEntries(tensors), x).dataSync() as Float32Array;
  });
}

function without(network: Network, removed: Readonly<Record<string, readonly number[]>>): State {
  const specs = new Map(parameterSpecs(network).map((spec) => [spec.name, spec]));
  const masks = Object.entries(removed).reduce<Masks>((all, [name, units]) => {
    const kept = new Uint8Array(specs.get(name)!.shape.at(-1)!).fill(1);
    for (const unit of units) kept[unit] = 0;
    return intersect(all, unitMasks(network, name, kept));
  }, {});
  return { parameters: randomParameters(network), masks };
}

const shapes = ({ parameters }: State) =>
  Object.fromEntries(Object.entries(parameters).map(([name, { shape }]) => [name, shape.join(' ')]));

for (const [network, removed] of [
  [convolutional, { 'conv1/kernel': [1], 'conv2/kernel': [0, 3], 'fc1/kernel': [2, 4] }],
  [residualNetwork, { 'conv2/kernel': [0] }],
  [denseNetwork([4, 6, 5, 2]), { 'fc1/kernel': [0, 5], 'fc2/kernel': [1] }],
] as const)
  test(`${network.name}: the smaller network gives the masked one's outputs`, (t) => {
    const state = without(network, removed as never);
    const shrunken = withoutRemovedUnits(network, state);
    const [expected, actual] = [outputs(network, state), outputs(shrunken.network, shrunken.state)];
    for (const [i, value] of expected.entries()) t.true(Math.abs(actual[i] - value) <= 1e-5 * Math.abs(value) + 1e-6);
    const wanted = parameterSpecs(shrunken.network).map(({ name, shape }) => [name, shape.join(' ')]);
    t.deepEqual(shapes(shrunken.state), Object.fromEntries(wanted));
    t.notDeepEqual(shapes(shrunken.state), shapes(state));
    for (const [name, mask] of Object.entries(shrunken.state.masks))
      t.is(mask.length, shrunken.state.parameters[name].values.length, name);
  });

test('shapes by hand: through batch norm and flatten', (t) => {
  const state = without(convolutional, { 'conv1/kernel': [1], 'conv2/kernel': [0, 3] });
  t.like(shapes(withoutRemovedUnits(convolutional, state).state), {
    'conv1/kernel': '3 3 2 2',
    'conv1/bias': '2',
    'bn1/movingVariance': '2',
    'conv2/kernel': '3 3 2 2',
    'bn2/gamma': '32',
    'fc1/kernel': '32 5',
    'fc2/kernel': '5 2',
  });
});

test('a unit that still gives something stays: through its bias, or through its batch norm', (t) => {
  const state = without(convolutional, { 'conv1/kernel': [1], 'fc1/kernel': [2] });
  const { 'fc1/bias': _bias, 'bn1/beta': _beta, ...masks } = state.masks;
  t.deepEqual(withoutRemovedUnits(convolutional, { ...state, masks }).network, convolutional);
});

test('single weights keep their masks, and one unit of a layer stays', (t) => {
  const network = denseNetwork([3, 2, 2]);
  const state = without(network, { 'fc1/kernel': [0, 1] });
  const { state: empty } = withoutRemovedUnits(network, state);
  t.is(shapes(empty)['fc1/kernel'], '3 1');
  t.deepEqual([...empty.masks['fc1/kernel']], [0, 0, 0]);

  const parameters = randomParameters(network);
  const masks = {
    'fc1/kernel': Uint8Array.of(1, 0, 0, 0, 1, 0),
    'fc1/bias': Uint8Array.of(1, 0),
    'fc2/kernel': Uint8Array.of(0, 1, 1, 1),
  };
  const { state: shrunken } = withoutRemovedUnits(network, { parameters, masks });
  t.deepEqual([...shrunken.masks['fc1/kernel']], [1, 0, 1]);
  t.deepEqual([...shrunken.masks['fc2/kernel']], [0, 1]);
});

test('grouped convolutions and what they read stay as they are', (t) => {
  const network = defineNetwork({
    name: 'grouped',
    inputShape: [4, 4, 2],
    layers: [
      conv('conv1', 'input', 4, { useBias: true }),
      act('relu1', 'conv1'),
      { ...conv('conv2', 'relu1', 4, { useBias: true }), groups: 4 } as never,
      act('relu2', 'conv2'),
      { kind: 'globalAveragePool', name: 'pool', inputs: ['relu2'] },
      dense('fc', 'pool', 2),
    ],
  });
  const state = without(network, { 'conv1/kernel': [1], 'conv2/kernel': [2] });
  t.deepEqual(withoutRemovedUnits(network, state).network, network);
});

test('units that nobody reads go, with their bias and before a sigmoid too', (t) => {
  const network = denseNetwork([3, 4, 2], 'sigmoid');
  const parameters = randomParameters(network);
  // Nobody reads units 1 and 2.
  const masks = { 'fc2/kernel': Uint8Array.of(1, 1, 0, 0, 0, 0, 1, 1) };
  const shrunken = withoutRemovedUnits(network, { parameters, masks });
  t.like(shapes(shrunken.state), { 'fc1/kernel': '3 2', 'fc1/bias': '2', 'fc2/kernel': '2 2' });
  const [expected, actual] = [outputs(network, { parameters, masks }), outputs(shrunken.network, shrunken.state)];
  for (const [i, value] of expected.entries()) t.true(Math.abs(actual[i] - value) <= 1e-6);
});

test('what goes takes with it what it alone reads: unread units before unread units', (t) => {
  const network = denseNetwork([2, 3, 3, 1]);
  const masks = {
    // Unit 0 of fc2 is read by nobody, and reads unit 2 of fc1, which nobody else does.
    'fc2/kernel': Uint8Array.of(0, 1, 1, 0, 1, 1, 1, 0, 0),
    'fc3/kernel': Uint8Array.of(0, 1, 1),
  };
  const { state } = withoutRemovedUnits(network, { parameters: randomParameters(network), masks });
  t.like(shapes(state), { 'fc1/kernel': '2 2', 'fc2/kernel': '2 2', 'fc3/kernel': '2 1' });
});
