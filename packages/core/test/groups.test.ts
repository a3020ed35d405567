import test from 'ava';
import * as layers from '../src/graph/layers.ts';
import {
  branches,
  channelTies,
  defineNetwork,
  type GroupKind,
  type Groups,
  groupMasks,
  groupsOf,
  INPUT,
  type Network,
  neighbourGroups,
  parameterSpecs,
  sizeOf,
  sumByGroup,
  withoutBranch,
} from '../src/index.ts';
import { denseNetwork, mixedNetworks, residualNetwork } from './networks.ts';

/** [6, 6, 2] -> conv1 (3 x 3, 4 filters), ReLU, conv2 (2 x 2, 3 filters), flatten, fc -> [2]. */
const convolutions = defineNetwork({
  name: 'convolutions',
  inputShape: [6, 6, 2],
  layers: layers.sequential([
    layers.conv2d('conv1', 4, 3),
    layers.relu('relu'),
    layers.conv2d('conv2', 3, 2, { stride: 2 }),
    layers.flatten('flat'),
    layers.dense('fc', 2),
  ]),
});

const ones = (network: Network) =>
  Object.fromEntries(
    parameterSpecs(network).map(({ name, shape }) => [
      name,
      { shape, values: new Float32Array(sizeOf(shape)).fill(1) },
    ]),
  );

const sizes = (network: Network, groups: Groups) => [...sumByGroup(groups, ones(network), (value) => value)];

test('groups of each kind, counted by hand', (t) => {
  const cases: readonly (readonly [GroupKind, readonly (readonly [count: number, size: number])[]])[] = [
    // Both channels of the image: 3 x 3 positions, 4 filters.
    ['input', [[2, 36]]],
    // 18 weights and a bias; 16 weights and a bias.
    [
      'unit',
      [
        [4, 19],
        [3, 17],
      ],
    ],
    [
      'channel',
      [
        [4, 19],
        [3, 17],
      ],
    ],
    [
      'row',
      [
        [2, 36],
        [4, 12],
        [27, 2],
      ],
    ],
    [
      'kernel',
      [
        [8, 9],
        [12, 4],
      ],
    ],
    [
      'shape',
      [
        [18, 4],
        [16, 3],
      ],
    ],
    [
      'layer',
      [
        [1, 76],
        [1, 51],
      ],
    ],
    ['block', []],
  ];
  for (const [kind, wanted] of cases)
    t.deepEqual(
      sizes(convolutions, groupsOf(convolutions, kind)),
      wanted.flatMap(([count, size]) => Array<number>(count).fill(size)),
      kind,
    );
});

test('which weights: a row, a kernel and a position of the window, by their indices', (t) => {
  const flat = (kind: GroupKind, group: number) =>
    [...groupsOf(convolutions, kind).of['conv2/kernel']].flatMap((of, i) => (of === group ? [i] : []));
  // conv2/kernel is [2, 2, 4, 3]: weight (y, x, c, f) is at ((y * 2 + x) * 4 + c) * 3 + f.
  t.deepEqual(flat('row', 2 + 1), [3, 4, 5, 15, 16, 17, 27, 28, 29, 39, 40, 41]);
  t.deepEqual(flat('kernel', 8 + 1 * 3 + 2), [5, 17, 29, 41]);
  t.deepEqual(flat('shape', 18 + 4 + 1), [15, 16, 17]);
});

test('input units of a dense network are pixels, in every layer that reads them', (t) => {
  const network = defineNetwork({
    name: 'pixels',
    inputShape: [2, 2, 2],
    layers: [
      layers.flatten('flat')(INPUT),
      layers.dense('one', 3)('flat'),
      layers.dense('other', 3)('flat'),
      layers.add('sum', 'one', 'other'),
    ],
  });
  const groups = groupsOf(network, 'input');
  t.is(groups.count, 8);
  t.deepEqual(Object.keys(groups.of), ['one/kernel', 'other/kernel']);
  t.deepEqual(
    [...groups.of['other/kernel']],
    [0, 1, 2, 3, 4, 5, 6, 7].flatMap((pixel) => [pixel, pixel, pixel]),
  );
});

test('neighbours for N:M: 4 features of a neuron, 2 channels at a position, and what fills no group is in none', (t) => {
  const network = denseNetwork([10, 2, 1]);
  const { of, count } = neighbourGroups(network, 4);
  t.is(count, 4, 'the second layer has two features');
  t.deepEqual([...of['fc1/kernel']], [0, 1, 0, 1, 0, 1, 0, 1, 2, 3, 2, 3, 2, 3, 2, 3, -1, -1, -1, -1]);
  const groups = neighbourGroups(convolutions, 2);
  const seventh = [...groups.of['conv2/kernel']].flatMap((group, i) => (group === 36 + 7 ? [i] : []));
  // After 9 x 4 pairs of conv1: the pair of channels 0 and 1 at (0, 1) comes third of conv2, its filter 1 eighth.
  t.deepEqual(seventh, [((0 * 2 + 1) * 4 + 0) * 3 + 1, ((0 * 2 + 1) * 4 + 1) * 3 + 1]);
});

test('no entry is in two groups, groups are numbered from 0 and have names of their own; masks keep and clear them', (t) => {
  for (const network of [...mixedNetworks, convolutions])
    for (const kind of ['input', 'unit', 'channel', 'row', 'kernel', 'shape', 'layer', 'block'] as const) {
      const groups = groupsOf(network, kind);
      const found = new Set(Object.values(groups.of).flatMap((of) => [...of]));
      found.delete(-1);
      t.is(found.size, groups.count, `${network.name}, ${kind}`);
      t.is(new Set(Array.from({ length: groups.count }, (_, group) => groups.nameOf(group))).size, groups.count);
      const kept = Uint8Array.from({ length: groups.count }, (_, group) => group % 2);
      const masks = groupMasks(groups, kept);
      const left = sizes(network, groups).reduce((sum, size, group) => sum + size * kept[group], 0);
      const outside = Object.values(groups.of).reduce((sum, of) => sum + of.filter((group) => group < 0).length, 0);
      t.is(
        Object.values(masks).reduce((sum, mask) => sum + mask.reduce((a, b) => a + b, 0), 0),
        left + outside,
      );
    }
});

test('ties of a residual network: the padded shortcut puts 3 channels in the middle of 5', (t) => {
  const { of, fixed } = channelTies(residualNetwork);
  const [first, branch] = [of.get('relu1')!, of.get('bn3')!];
  t.deepEqual([...branch].slice(1, 4), [...first]);
  t.deepEqual(of.get('pool'), branch);
  t.is(new Set(branch).size, 5);
  t.false(
    [...of.get('relu2')!].some((tie) => branch.includes(tie)),
    'inside of the block they are its own',
  );
  t.deepEqual(
    Array.from(of.get('fc')!, (tie) => fixed[tie]),
    [1, 1, 1],
  );
  t.deepEqual(
    Array.from(branch, (tie) => fixed[tie]),
    [0, 0, 0, 0, 0],
  );
});

test('ties of a depthwise convolution: two filters with the channel that they read', (t) => {
  const grouped = mixedNetworks.find(({ name }) => name === 'grouped')!;
  const { of } = channelTies(grouped);
  t.deepEqual(
    Array.from(of.get('bn')!),
    Array.from({ length: 8 }, (_, filter) => of.get('conv1')![Math.floor(filter / 2)]),
  );
  t.false([...of.get('grouped')!].some((tie) => of.get('bn')!.includes(tie)));
  t.deepEqual(of.get('one'), of.get('other'));
});

test('the branch of a residual block, and the network without it', (t) => {
  t.deepEqual(branches(residualNetwork), [
    { addition: 'sum', end: 'bn3', shortcut: 'shortcut', layers: ['conv2', 'bn2', 'relu2', 'conv3', 'bn3'] },
  ]);
  const names = (network: Network) => network.layers.map(({ name, inputs }) => `${inputs} > ${name}`);
  t.deepEqual(names(withoutBranch(residualNetwork, 'sum', 'bn3')).slice(3), [
    'relu1 > shortcut',
    'shortcut > relu3',
    'relu3 > pool',
    'pool > fc',
  ]);
  t.deepEqual(names(withoutBranch(residualNetwork, 'sum', 'shortcut')).slice(7), [
    'conv3 > bn3',
    'bn3 > relu3',
    'relu3 > pool',
    'pool > fc',
  ]);
  t.throws(() => withoutBranch(residualNetwork, 'sum', 'pool'), { message: /no addition sum that reads pool/ });
});
