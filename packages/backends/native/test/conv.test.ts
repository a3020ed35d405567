// Convolutions and pooling against the stock cpu backend over random and awkward shapes.
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { randomTensor, sameAsStock, useNative } from './support.ts';

test.before(() => useNative());

type Pad = 'same' | 'valid' | number;
interface Case {
  x: [number, number, number, number];
  filter: [number, number, number, number];
  strides: number | [number, number];
  pad: Pad;
  dilations?: number | [number, number];
}

const cases: Case[] = [
  { x: [2, 8, 8, 16], filter: [3, 3, 16, 16], strides: 1, pad: 'same' },
  { x: [3, 9, 7, 7], filter: [3, 3, 7, 5], strides: 1, pad: 'valid' },
  { x: [1, 5, 5, 1], filter: [3, 3, 1, 1], strides: 1, pad: 'same' },
  { x: [2, 12, 12, 1], filter: [5, 5, 1, 20], strides: 1, pad: 'valid' },
  { x: [2, 8, 8, 20], filter: [5, 5, 20, 50], strides: 1, pad: 'valid' },
  { x: [2, 9, 9, 16], filter: [3, 3, 16, 32], strides: 2, pad: 'same' },
  { x: [2, 8, 8, 16], filter: [1, 1, 16, 32], strides: 2, pad: 'same' },
  { x: [2, 8, 8, 70], filter: [1, 1, 70, 33], strides: 1, pad: 'same' },
  { x: [2, 10, 11, 3], filter: [2, 3, 3, 40], strides: [3, 2], pad: 'same' },
  { x: [2, 3, 3, 4], filter: [5, 5, 4, 6], strides: 1, pad: 'same' },
  { x: [2, 7, 7, 4], filter: [2, 2, 4, 6], strides: 3, pad: 'valid' },
  { x: [2, 7, 9, 5], filter: [3, 3, 5, 6], strides: 1, pad: 2 },
  { x: [40, 2, 2, 96], filter: [3, 3, 96, 100], strides: 1, pad: 'same' },
  { x: [5, 4, 4, 160], filter: [3, 3, 160, 420], strides: 1, pad: 'same' },
  { x: [0, 6, 6, 3], filter: [3, 3, 3, 4], strides: 1, pad: 'same' },
];

const describe = (c: Case) => JSON.stringify(c);

for (const [i, c] of cases.entries()) {
  test(`convolution ${describe(c)} and its gradients equal the stock backend's`, async (t) => {
    await sameAsStock(t, 'forward', () =>
      tf.conv2d(randomTensor(c.x, i) as tf.Tensor4D, randomTensor(c.filter, i + 50) as tf.Tensor4D, c.strides, c.pad),
    );
    if (c.x[0] === 0) return;
    await sameAsStock(t, 'gradients', () => {
      const forward = (x: tf.Tensor, f: tf.Tensor) => {
        const y = tf.conv2d(x as tf.Tensor4D, f as tf.Tensor4D, c.strides, c.pad);
        return tf.sum(tf.mul(y, randomTensor(y.shape, 77)));
      };
      return tf.grads(forward)([randomTensor(c.x, i), randomTensor(c.filter, i + 50)]);
    });
  });
}

const depthwise: {
  x: [number, number, number, number];
  filter: [number, number];
  strides: [number, number];
  pad: 'same' | 'valid';
}[] = [
  { x: [2, 8, 8, 32], filter: [3, 3], strides: [1, 1], pad: 'same' },
  { x: [3, 9, 7, 7], filter: [3, 2], strides: [2, 2], pad: 'same' },
  { x: [1, 5, 5, 1], filter: [5, 5], strides: [1, 1], pad: 'valid' },
  { x: [20, 6, 6, 50], filter: [3, 3], strides: [2, 2], pad: 'valid' },
];

for (const [i, c] of depthwise.entries()) {
  test(`depthwise convolution ${JSON.stringify(c)} and its gradients equal the stock backend's`, async (t) => {
    const filter = [...c.filter, c.x[3], 1] as [number, number, number, number];
    const inputs = () => [randomTensor(c.x, i), randomTensor(filter, i + 50)] as tf.Tensor[];
    const forward = (x: tf.Tensor, f: tf.Tensor) =>
      tf.depthwiseConv2d(x as tf.Tensor4D, f as tf.Tensor4D, c.strides, c.pad);
    await sameAsStock(t, 'forward', () => forward(...(inputs() as [tf.Tensor, tf.Tensor])));
    await sameAsStock(t, 'gradients', () => {
      const loss = (x: tf.Tensor, f: tf.Tensor) => {
        const y = forward(x, f);
        return tf.sum(tf.mul(y, randomTensor(y.shape, 77)));
      };
      return tf.grads(loss as never)(inputs() as never) as tf.Tensor[];
    });
  });
}

test('dilated convolution equals the stock backend', async (t) => {
  for (const pad of ['same', 'valid'] as const) {
    await sameAsStock(t, `dilated ${pad}`, () =>
      tf.conv2d(
        randomTensor([2, 9, 10, 5], 1) as tf.Tensor4D,
        randomTensor([3, 2, 5, 6], 2) as tf.Tensor4D,
        1,
        pad,
        'NHWC',
        [2, 3],
      ),
    );
  }
});

test('fused bias and activation equal the stock backend', async (t) => {
  for (const activation of ['linear', 'relu', 'relu6', 'elu', 'sigmoid'] as const) {
    await sameAsStock(t, activation, () =>
      tf.fused.conv2d({
        x: randomTensor([2, 6, 6, 3], 1) as tf.Tensor4D,
        filter: randomTensor([3, 3, 3, 18], 2) as tf.Tensor4D,
        strides: 1,
        pad: 'same',
        bias: randomTensor([18], 3),
        activation,
      }),
    );
  }
});

const pools: {
  x: [number, number, number, number];
  size: number | [number, number];
  strides: number;
  pad: 'same' | 'valid';
}[] = [
  { x: [2, 8, 8, 20], size: 2, strides: 2, pad: 'valid' },
  { x: [2, 9, 9, 7], size: 3, strides: 2, pad: 'valid' },
  { x: [1, 5, 7, 1], size: [2, 3], strides: 1, pad: 'valid' },
  { x: [2, 7, 7, 50], size: 2, strides: 3, pad: 'valid' },
  { x: [2, 7, 7, 33], size: 3, strides: 2, pad: 'same' },
  { x: [2, 8, 8, 64], size: 8, strides: 1, pad: 'valid' },
];

for (const [i, c] of pools.entries()) {
  test(`pooling ${JSON.stringify(c)} and its gradients equal the stock backend's`, async (t) => {
    const max = (x: tf.Tensor) => tf.maxPool(x as tf.Tensor4D, c.size, c.strides, c.pad);
    const average = (x: tf.Tensor) => tf.avgPool(x as tf.Tensor4D, c.size, c.strides, c.pad);
    for (const [name, op] of Object.entries({ max, average })) {
      await sameAsStock(t, name, () => op(randomTensor(c.x, i)));
      await sameAsStock(t, `${name} gradient`, () =>
        tf.grad((x) => {
          const y = op(x);
          return tf.sum(tf.mul(y, randomTensor(y.shape, 9)));
        })(randomTensor(c.x, i)),
      );
    }
  });
}

test('finite differences agree with the gradients of a strided, padded convolution', (t) => {
  const [x, f] = [randomTensor([1, 6, 5, 2], 1), randomTensor([3, 2, 2, 18], 2)] as [tf.Tensor4D, tf.Tensor4D];
  const weights = randomTensor([1, 3, 3, 18], 3);
  const loss = (a: tf.Tensor, b: tf.Tensor) =>
    tf.sum(tf.mul(tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, 2, 'same'), weights)) as tf.Scalar;
  const gradients = tf.grads(loss as never)([x, f] as never) as tf.Tensor[];
  // The loss is bilinear, so central differences are exact up to rounding whatever their width.
  for (const [which, tensor] of [x, f].entries()) {
    const values = tensor.dataSync();
    const gradient = gradients[which]!.dataSync();
    for (const i of [0, 7, 11, values.length - 1]) {
      const at = (delta: number) => {
        const moved = values.slice();
        moved[i] = moved[i]! + delta;
        const other = tf.tensor(moved, tensor.shape);
        return loss(which === 0 ? other : x, which === 0 ? f : other).dataSync()[0]!;
      };
      t.true(Math.abs((at(1) - at(-1)) / 2 - gradient[i]!) < 1e-4, `element ${i} of input ${which}`);
    }
  }
});
