import test from 'ava';
import {
  type Conv2d,
  costOf,
  defineNetwork,
  type Layer,
  type Masks,
  type Network,
  parameterSpecs,
  unitMasks,
  windowOutput,
} from '../src/index.ts';
import { intersect } from '../src/pruning/masks.ts';
import { act, batchNorm, conv, dense, denseNetwork, residualNetwork } from './networks.ts';

const one = (inputShape: number[], layer: Conv2d): Network =>
  defineNetwork({ name: 'one', inputShape, layers: [layer] });
const multiplyAdds = (inputShape: number[], more: Partial<Conv2d>, filters: number) =>
  costOf(one(inputShape, conv('c', 'input', filters, more))).multiplyAdds.dense;

test('hand-counted convolutions', (t) => {
  t.is(multiplyAdds([28, 28, 1], { kernelSize: [5, 5], padding: 'valid' }, 20), 24 * 24 * 25 * 20);
  t.is(multiplyAdds([12, 12, 20], { kernelSize: [5, 5], padding: 'valid' }, 50), 8 * 8 * 25 * 20 * 50);
  t.is(multiplyAdds([32, 32, 16], {}, 32), 32 * 32 * 9 * 16 * 32, 'padding keeps the size');
  t.is(multiplyAdds([32, 32, 16], { strides: [2, 2] }, 32), 16 * 16 * 9 * 16 * 32, 'strides');
  t.is(multiplyAdds([7, 9, 2], { strides: [2, 3] }, 4), 4 * 3 * 9 * 2 * 4, 'ragged strides, same');
  t.is(multiplyAdds([7, 9, 2], { strides: [2, 3], padding: 'valid' }, 4), 3 * 3 * 9 * 2 * 4, 'ragged strides, valid');
  t.is(multiplyAdds([11, 11, 2], { dilation: [2, 3], padding: 'valid' }, 4), 7 * 5 * 9 * 2 * 4, 'dilation');
  t.is(multiplyAdds([8, 8, 6], { groups: 3 }, 12), 8 * 8 * 9 * 2 * 12, 'groups');
  t.is(multiplyAdds([8, 8, 6], { groups: 6 }, 6), 8 * 8 * 9 * 6, 'depthwise');
  t.is(multiplyAdds([8, 8, 6], { kernelSize: [1, 1] }, 5), 8 * 8 * 6 * 5, '1x1');
});

/** Slides the window over the pixels one by one. */
function countedWindows(input: number, size: number, stride: number, dilation: number): number {
  let count = 0;
  for (let start = 0; start + (size - 1) * dilation < input; start += stride) count++;
  return count;
}

test('valid windows are those that fit, counted one by one', (t) => {
  for (let input = 1; input < 14; input++)
    for (let size = 1; size < 5; size++)
      for (let stride = 1; stride < 5; stride++)
        for (let dilation = 1; dilation < 4; dilation++)
          if ((size - 1) * dilation + 1 <= input)
            t.is(windowOutput(input, size, stride, dilation, 'valid'), countedWindows(input, size, stride, dilation));
});

test('LeNet-300-100: dense costs, and what masks leave', (t) => {
  const network = denseNetwork([784, 300, 100, 10]);
  const whole = costOf(network);
  t.deepEqual(whole.parameters, { total: 266610, remaining: 266610 });
  t.deepEqual(whole.prunable, { total: 266200, remaining: 266200 });
  t.deepEqual(whole.multiplyAdds, { dense: 266200, remaining: 266200 });
  t.is(whole.compressionRatio, 1);
  t.is(whole.theoreticalSpeedup, 1);
  const masks = { 'fc1/kernel': new Uint8Array(235200), 'fc1/bias': new Uint8Array(300).fill(1, 0, 100) };
  const pruned = costOf(network, masks);
  // 100 units are left as constants, their biases; the weights that read the other 200 cost nothing.
  t.is(pruned.parameters.remaining, 100 + (100 * 100 + 100) + (1000 + 10));
  t.is(pruned.prunable.remaining, 31000, 'what the masks leave, which sparsity is counted from');
  t.is(pruned.compressionRatio, 266610 / 11210);
  t.is(pruned.theoreticalSpeedup, 266200 / 11000);
  t.deepEqual(pruned.layers[0], {
    name: 'fc1/kernel',
    layer: 'fc1',
    weights: 235200,
    remaining: 0,
    multiplyAdds: { dense: 235200, remaining: 0 },
  });
});

test('a masked weight counts at every position; speed-up and compression differ where layers do', (t) => {
  const network = defineNetwork({
    name: 'mixed',
    inputShape: [4, 4, 1],
    layers: [
      conv('conv', 'input', 2, { useBias: true }),
      batchNorm('bn', 'conv'),
      { kind: 'flatten', name: 'flat', inputs: ['bn'] },
      dense('fc', 'flat', 3, false),
    ],
  });
  const cost = costOf(network, { 'conv/kernel': Uint8Array.from({ length: 18 }, (_, i) => (i < 9 ? 1 : 0)) });
  t.deepEqual(
    cost.parameters,
    { total: 18 + 2 + 4 + 96, remaining: 9 + 2 + 4 + 96 },
    'running statistics are not counted',
  );
  t.deepEqual(cost.multiplyAdds, { dense: 16 * 18 + 96, remaining: 16 * 9 + 96 });
  t.is(cost.theoreticalSpeedup, 384 / 240);
  t.is(cost.compressionRatio, 120 / 111);
});

/** The first half of the units of these layers removed, as unit pruning does. */
function halved(network: Network, kernels: readonly string[]): Masks {
  const specs = new Map(parameterSpecs(network).map((spec) => [spec.name, spec]));
  return kernels.reduce<Masks>((masks, name) => {
    const units = specs.get(name)!.shape.at(-1)!;
    return intersect(masks, unitMasks(network, name, new Uint8Array(units).fill(1, units / 2)));
  }, {});
}

test('half of the units of LeNet-5: a quarter of the weights between two halved layers, counted by hand', (t) => {
  const maxPool = (name: string, input: string): Layer => ({
    kind: 'maxPool',
    name,
    inputs: [input],
    size: [2, 2],
    strides: [2, 2],
    padding: 'valid',
  });
  const five = { kernelSize: [5, 5], padding: 'valid', useBias: true } as const;
  const network = defineNetwork({
    name: 'lenet-5-caffe',
    inputShape: [28, 28, 1],
    layers: [
      conv('conv1', 'input', 20, five),
      maxPool('pool1', 'conv1'),
      conv('conv2', 'pool1', 50, five),
      maxPool('pool2', 'conv2'),
      { kind: 'flatten', name: 'flat', inputs: ['pool2'] },
      dense('fc1', 'flat', 500),
      act('relu', 'fc1'),
      dense('fc2', 'relu', 10),
    ],
  });
  const cost = costOf(network, halved(network, ['conv1/kernel', 'conv2/kernel', 'fc1/kernel']));
  t.deepEqual(cost.multiplyAdds, { dense: 2_293_000, remaining: 144_000 + 400_000 + 100_000 + 2_500 });
  t.is(cost.parameters.remaining, 10 * 26 + 25 * 251 + 250 * 401 + 10 * 251);
  t.is(cost.parameters.remaining, 109_295);
  t.is(cost.theoreticalSpeedup.toFixed(2), '3.55');
  t.is(cost.prunable.remaining, 250 + 12_500 + 200_000 + 5_000, 'the masks leave more: what reads removed units');
  t.is(cost.effective.remaining, 250 + 6_250 + 100_000 + 2_500);
  t.deepEqual(cost.effective.cutLayers, []);
});

test('a residual block without half of its inner filters: what the shortcut carries stays', (t) => {
  const cost = costOf(residualNetwork, halved(residualNetwork, ['conv2/kernel']));
  const [conv1, conv2, conv3, fc] = [36 * 9 * 2 * 3, 9 * 9 * 3 * 4, 9 * 9 * 4 * 5, 5 * 3];
  t.is(cost.multiplyAdds.remaining, conv1 + conv2 / 2 + conv3 / 2 + fc);
  t.is(cost.parameters.remaining, 54 + 6 + 54 + 4 + 90 + 10 + 15 + 3);
});

test('units that are left count, whether they are read or not: single-weight pruning is counted by its masks', (t) => {
  const network = denseNetwork([2, 2, 1]);
  // Unit 1 reads nothing but has its bias; nobody reads unit 0.
  const masks = { 'fc1/kernel': Uint8Array.of(1, 0, 1, 0), 'fc2/kernel': Uint8Array.of(0, 1) };
  const { parameters, multiplyAdds, effective } = costOf(network, masks);
  t.is(parameters.remaining, 2 + 2 + 1 + 1);
  t.is(multiplyAdds.remaining, 3);
  t.is(effective.remaining, 0);
});
