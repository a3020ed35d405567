import {
  applyMasks,
  costOf,
  defineNetwork,
  groupMasks,
  groupsOf,
  type Masks,
  type Network,
  type ParameterRecord,
  parameterSpecs,
  randomStream,
  type State,
  unitMasks,
} from '@prunebench/core';
import { intersect } from '@prunebench/core/masks';
import { act, batchNorm, conv, dense, denseNetwork, residualNetwork } from '@prunebench/core/test-networks';
import { forward, initializeParameters } from '@prunebench/network';
import { relativeError } from '@prunebench/testing';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { dropBranch, shrink } from '../src/index.ts';

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
    const shrunken = shrink(network, state);
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
  t.like(shapes(shrink(convolutional, state).state), {
    'conv1/kernel': '3 3 2 2',
    'conv1/bias': '2',
    'bn1/movingVariance': '2',
    'conv2/kernel': '3 3 2 2',
    'bn2/gamma': '32',
    'fc1/kernel': '32 5',
    'fc2/kernel': '5 2',
  });
});

test('a constant goes into the bias that reads it, and stays where a zero-padded border reads it', (t) => {
  const state = without(convolutional, { 'conv1/kernel': [1], 'fc1/kernel': [2] });
  const { 'fc1/bias': _bias, 'bn1/beta': _beta, ...masks } = state.masks;
  const constant = { ...state, masks };
  const shrunk = shrink(convolutional, constant);
  t.like(shapes(shrunk.state), { 'conv1/kernel': '3 3 2 3', 'fc1/kernel': '64 4', 'fc2/kernel': '4 2' });
  // Unit 2 of fc1 is relu(bias) for every input.
  const { parameters } = state;
  const [bias, weights] = [parameters['fc1/bias'].values[2], parameters['fc2/kernel'].values.subarray(4, 6)];
  const expected = parameters['fc2/bias'].values.map((value, k) => value + Math.max(0, bias) * weights[k]);
  t.true(relativeError(shrunk.state.parameters['fc2/bias'].values, expected) < 1e-6);
  t.true(relativeError(outputs(shrunk.network, shrunk.state), outputs(convolutional, constant)) < 1e-5);
  t.deepEqual(shrunk.remarks, [
    'conv2 reads 1 constant channel over a zero-padded border, where no bias can stand for it',
  ]);
  t.deepEqual([...shrunk.kept.get('fc1')!], [0, 1, 3, 4]);
});

test('a constant that reads no bias goes into the mean of a batch norm, or makes a bias', (t) => {
  for (const normed of [true, false]) {
    const network = defineNetwork({
      name: 'no bias',
      inputShape: [3],
      layers: [
        dense('fc1', 'input', 3),
        act('sigmoid', 'fc1', 'sigmoid'),
        dense('fc2', 'sigmoid', 2, false),
        ...(normed ? [batchNorm('bn', 'fc2')] : []),
        act('relu', normed ? 'bn' : 'fc2'),
        dense('fc3', 'relu', 2),
      ],
    });
    const state = without(network, { 'fc1/kernel': [1] });
    const shrunk = shrink(network, state);
    t.is(shapes(shrunk.state)['fc2/kernel'], '2 2');
    t.deepEqual(shrunk.state.parameters['fc2/bias']?.shape, normed ? undefined : [2]);
    // Behind a sigmoid a unit that nothing feeds is 1/2.
    const half = state.parameters['fc2/kernel'].values.subarray(2, 4).map((weight) => weight / 2);
    const moved = normed
      ? shrunk.state.parameters['bn/movingMean'].values.map(
          (mean, k) => state.parameters['bn/movingMean'].values[k] - mean,
        )
      : shrunk.state.parameters['fc2/bias'].values;
    t.true(relativeError(moved, half) < 1e-6);
    t.true(relativeError(outputs(shrunk.network, shrunk.state), outputs(network, state)) < 1e-5);
  }
});

test('single weights keep their masks, and one unit of a layer stays', (t) => {
  const network = denseNetwork([3, 2, 2]);
  const state = without(network, { 'fc1/kernel': [0, 1] });
  const { state: empty } = shrink(network, state);
  t.is(shapes(empty)['fc1/kernel'], '3 1');
  t.deepEqual([...empty.masks['fc1/kernel']], [0, 0, 0]);

  const parameters = randomParameters(network);
  const masks = {
    'fc1/kernel': Uint8Array.of(1, 0, 0, 0, 1, 0),
    'fc1/bias': Uint8Array.of(1, 0),
    'fc2/kernel': Uint8Array.of(0, 1, 1, 1),
  };
  const { state: shrunken } = shrink(network, { parameters, masks });
  t.deepEqual([...shrunken.masks['fc1/kernel']], [1, 0, 1]);
  t.deepEqual([...shrunken.masks['fc2/kernel']], [0, 1]);
});

const grouping = (groups: number): Network =>
  defineNetwork({
    name: 'grouped',
    inputShape: [4, 4, 2],
    layers: [
      conv('conv1', 'input', 4, { useBias: true }),
      act('relu1', 'conv1'),
      conv('conv2', 'relu1', 4, { groups, useBias: true }),
      act('relu2', 'conv2'),
      { kind: 'globalAveragePool', name: 'pool', inputs: ['relu2'] },
      dense('fc', 'pool', 2),
    ],
  });

test('a depthwise convolution loses filters with the channels that they read, a grouped one as many of each group', (t) => {
  const cases = [
    [4, { 'conv1/kernel': [1], 'conv2/kernel': [1, 2] }, '3 3 1 2', 2],
    // Filters 0 and 3 are of different groups; channel 0 is missed in the first alone, which keeps a place for it.
    [2, { 'conv1/kernel': [0], 'conv2/kernel': [0, 3] }, '3 3 2 2', 2],
    // Nothing of the second group is left.
    [2, { 'conv1/kernel': [0], 'conv2/kernel': [2, 3] }, '3 3 1 2', 1],
  ] as const;
  for (const [groups, removed, kernel, left] of cases) {
    const network = grouping(groups);
    const state = without(network, removed);
    const shrunk = shrink(network, state);
    t.is(shapes(shrunk.state)['conv2/kernel'], kernel);
    t.like(shrunk.network.layers[2], { groups: left });
    t.true(relativeError(outputs(shrunk.network, shrunk.state), outputs(network, state)) < 1e-5);
  }
});

test('channels of a residual stage go from all that add to them, and a padded shortcut keeps its zeros on the right side', (t) => {
  const groups = groupsOf(residualNetwork, 'channel');
  // conv1 has 3 channels, which the shortcut puts in the middle of conv3's 5; conv2 has 4 of its own.
  t.is(groups.count, 3 + 4 + 2);
  const names = Array.from({ length: groups.count }, (_, group) => groups.nameOf(group));
  for (const removed of [
    ['channel 0 of conv1'],
    ['channel 0 of conv3'],
    ['channel 1 of conv1', 'channel 0 of conv3', 'channel 2 of conv2'],
    ['channel 4 of conv3', 'channel 0 of conv1', 'channel 2 of conv1'],
  ]) {
    t.deepEqual(
      removed.filter((name) => !names.includes(name)),
      [],
    );
    const kept = Uint8Array.from(names, (name) => (removed.includes(name) ? 0 : 1));
    const state = { parameters: randomParameters(residualNetwork), masks: groupMasks(groups, kept) };
    const shrunk = shrink(residualNetwork, state);
    const [inStage, inBlock] = ['conv1', 'conv2'].map((layer) => removed.filter((name) => name.endsWith(layer)).length);
    const outside = removed.filter((name) => name.endsWith('conv3')).length;
    t.like(shapes(shrunk.state), {
      'conv1/kernel': `3 3 2 ${3 - inStage}`,
      'conv2/kernel': `3 3 ${3 - inStage} ${4 - inBlock}`,
      'conv3/kernel': `3 3 ${4 - inBlock} ${5 - inStage - outside}`,
      'fc/kernel': `${5 - inStage - outside} 3`,
    });
    t.true(relativeError(outputs(shrunk.network, shrunk.state), outputs(residualNetwork, state)) < 1e-5);
    const { parameters, multiplyAdds } = costOf(residualNetwork, state.masks);
    t.is(parameters.remaining, costOf(shrunk.network).parameters.total);
    t.is(multiplyAdds.remaining, costOf(shrunk.network).multiplyAdds.dense);
  }
});

test('a residual branch without weights goes with its addition, the batch norm behind it cleared', (t) => {
  const groups = groupsOf(residualNetwork, 'block');
  t.is(groups.count, 1);
  const state = { parameters: randomParameters(residualNetwork), masks: groupMasks(groups, Uint8Array.of(0)) };
  const shrunk = shrink(residualNetwork, state);
  t.deepEqual(
    shrunk.network.layers.map(({ name }) => name),
    ['conv1', 'bn1', 'relu1', 'shortcut', 'relu3', 'pool', 'fc'],
  );
  t.true(relativeError(outputs(shrunk.network, shrunk.state), outputs(residualNetwork, state)) < 1e-5);
  const dropped = dropBranch({ network: residualNetwork, state }, 'sum', 'bn3');
  t.deepEqual(shrink(dropped.network, dropped.state).network, shrunk.network);
});

test('units that nobody reads go, with their bias and before a sigmoid too', (t) => {
  const network = denseNetwork([3, 4, 2], 'sigmoid');
  const parameters = randomParameters(network);
  // Nobody reads units 1 and 2.
  const masks = { 'fc2/kernel': Uint8Array.of(1, 1, 0, 0, 0, 0, 1, 1) };
  const shrunken = shrink(network, { parameters, masks });
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
  const { state } = shrink(network, { parameters: randomParameters(network), masks });
  t.like(shapes(state), { 'fc1/kernel': '2 2', 'fc2/kernel': '2 2', 'fc3/kernel': '2 1' });
});
