import test from 'ava';
import {
  consumers,
  defineNetwork,
  inferShapes,
  type Layer,
  outputLayer,
  PrunebenchError,
  parameterSpecs,
  prunableSpecs,
} from '../src/index.ts';
import { act, add, batchNorm, conv, dense, residualNetwork } from './networks.ts';

const network = (inputShape: number[], layers: Layer[]) => defineNetwork({ name: 'net', inputShape, layers });

test('what is wrong with a graph is said with the network, the layer and the reason', (t) => {
  const cases: [number[], Layer[], RegExp][] = [
    [[2], [], /Network net has no layers/],
    [[2], [dense('a', 'input', 2), dense('a', 'a', 2)], /net, layer a: this name is already taken/],
    [[2], [dense('input', 'input', 2)], /layer input: this name is already taken/],
    [[2], [dense('a', 'b', 2), dense('b', 'a', 2)], /layer a: it reads b, which is not defined before it/],
    [[2], [dense('a', 'input', 2), dense('b', 'input', 2)], /layer a: nothing reads it/],
    [[2], [{ ...act('a', 'input'), inputs: ['input', 'input'] }], /layer a: it has 2 inputs where 1 are needed/],
    [[2], [{ ...add('a', 'input', 'input'), inputs: ['input'] }], /layer a: it has 1 inputs where 2 are needed/],
    [
      [2],
      [dense('a', 'input', 3), add('s', 'a', 'input')],
      /layer s: cannot take an input of shape \[3\] and \[2\]: the two shapes differ/,
    ],
    [[2], [conv('c', 'input', 2)], /a convolution needs/],
    [[4, 4, 1], [dense('a', 'input', 2)], /flatten first/],
    [[4, 4, 3], [conv('c', 'input', 4, { groups: 2 })], /2 groups/],
    [[4, 4, 1], [conv('c', 'input', 4, { kernelSize: [5, 5], padding: 'valid' })], /its output would be \[0,0,4\]/],
    [
      [4, 4, 3],
      [{ kind: 'subsamplePad', name: 'p', inputs: ['input'], stride: 1, channels: 2 }],
      /cannot pad 3 channels down to 2/,
    ],
  ];
  for (const [shape, layers, message] of cases)
    t.throws(() => network(shape, layers), { instanceOf: PrunebenchError, message });
});

test('shapes by hand', (t) => {
  t.deepEqual(Object.fromEntries(inferShapes(residualNetwork)), {
    input: [6, 6, 2],
    conv1: [6, 6, 3],
    bn1: [6, 6, 3],
    relu1: [6, 6, 3],
    shortcut: [3, 3, 5],
    conv2: [3, 3, 4],
    bn2: [3, 3, 4],
    relu2: [3, 3, 4],
    conv3: [3, 3, 5],
    bn3: [3, 3, 5],
    sum: [3, 3, 5],
    relu3: [3, 3, 5],
    pool: [5],
    fc: [3],
  });
});

test('parameters by hand: names, shapes, fans', (t) => {
  const net = network(
    [8, 8, 4],
    [conv('c', 'input', 6, { groups: 2, kernelSize: [3, 5], useBias: true }), batchNorm('b', 'c')],
  );
  const listed = parameterSpecs(net).map(({ name, shape, trainable, prunable, fanIn, fanOut }) => [
    name,
    [...shape],
    trainable,
    prunable,
    fanIn,
    fanOut,
  ]);
  t.deepEqual(listed, [
    ['c/kernel', [3, 5, 2, 6], true, true, 30, 45],
    ['c/bias', [6], true, false, 0, 0],
    ['b/gamma', [6], true, false, 0, 0],
    ['b/beta', [6], true, false, 0, 0],
    ['b/movingMean', [6], false, false, 0, 0],
    ['b/movingVariance', [6], false, false, 0, 0],
  ]);
  t.deepEqual(
    prunableSpecs(net).map(({ name }) => name),
    ['c/kernel'],
  );
});

test('neighbours in the graph', (t) => {
  t.is(outputLayer(residualNetwork).name, 'fc');
  t.deepEqual(
    consumers(residualNetwork, 'relu1').map(({ name }) => name),
    ['shortcut', 'conv2'],
  );
});
