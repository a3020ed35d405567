import test from 'ava';
import { type Conv2d, costOf, defineNetwork, type Network, windowOutput } from '../src/index.ts';
import { batchNorm, conv, dense, denseNetwork } from './networks.ts';

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
  t.is(pruned.parameters.remaining, 266610 - 235200 - 200);
  t.is(pruned.prunable.remaining, 31000);
  t.is(pruned.compressionRatio, 266610 / 31210);
  t.is(pruned.theoreticalSpeedup, 266200 / 31000);
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
