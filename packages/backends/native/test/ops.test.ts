// Matrix products, elementwise kernels, reductions and layout against the stock cpu backend.
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { randomTensor, sameAsStock, useNative } from './support.ts';

test.before(() => useNative());

const sizes: [number, number, number][] = [
  [1, 1, 1],
  [128, 300, 784],
  [7, 10, 5],
  [13, 33, 400],
  [200, 16, 50],
  [65, 64, 17],
  [3, 100, 1000],
  [5, 290, 500],
  [30, 289, 1700],
  [26, 290, 100],
  [1, 50, 20],
];

for (const [m, n, k] of sizes) {
  test(`product ${m} x ${k} x ${n}, all transpositions, equals the stock backend's`, async (t) => {
    for (const transposeA of [false, true])
      for (const transposeB of [false, true])
        await sameAsStock(t, `${transposeA} ${transposeB}`, () =>
          tf.matMul(
            randomTensor(transposeA ? [k, m] : [m, k], 1),
            randomTensor(transposeB ? [n, k] : [k, n], 2),
            transposeA,
            transposeB,
          ),
        );
  });
}

test('batched products with broadcasting equal the stock backend', async (t) => {
  const shapes = [
    [
      [3, 4, 5],
      [3, 5, 6],
    ],
    [
      [3, 4, 5],
      [1, 5, 6],
    ],
    [
      [1, 4, 5],
      [3, 5, 6],
    ],
    [
      [2, 1, 4, 5],
      [1, 3, 5, 6],
    ],
    [
      [0, 4, 5],
      [0, 5, 6],
    ],
  ] as const;
  for (const [a, b] of shapes) {
    await sameAsStock(t, `${a} x ${b}`, () => tf.matMul(randomTensor([...a], 1), randomTensor([...b], 2)));
  }
});

test('fused products equal the stock backend', async (t) => {
  for (const activation of ['linear', 'relu', 'relu6', 'elu', 'sigmoid'] as const) {
    await sameAsStock(t, activation, () =>
      tf.fused.matMul({
        a: randomTensor([9, 40], 1) as tf.Tensor2D,
        b: randomTensor([40, 50], 2) as tf.Tensor2D,
        bias: randomTensor([50], 3),
        activation,
      }),
    );
  }
});

const broadcasts = [
  [
    [3, 4],
    [3, 4],
  ],
  [[5, 7], [7]],
  [
    [5, 7],
    [5, 1],
  ],
  [[1], [4, 3]],
  [
    [2, 3, 4, 5],
    [4, 1],
  ],
  [
    [2, 1, 4],
    [1, 3, 1],
  ],
  [[], [2, 2]],
  [[0, 3], [3]],
  [[40000], [40000]],
] as const;

for (const [a, b] of broadcasts) {
  test(`elementwise operators broadcast [${a}] with [${b}] as the stock backend does`, async (t) => {
    const ops = [tf.add, tf.sub, tf.mul, tf.div, tf.maximum, tf.minimum, tf.squaredDifference];
    for (const op of ops) await sameAsStock(t, op.name, () => op(randomTensor([...a], 3), randomTensor([...b], 4)));
  });
}

test('unary operators equal the stock backend, special values included', async (t) => {
  const special = [Number.NaN, Infinity, -Infinity, 0, -0, 1e-40, 90, -90, -110, 0.5, 3, 100, -3];
  const ops = [
    tf.relu,
    tf.step,
    tf.neg,
    tf.abs,
    tf.square,
    tf.sqrt,
    tf.rsqrt,
    tf.exp,
    tf.log,
    tf.sigmoid,
    tf.tanh,
    tf.relu6,
  ];
  for (const op of [...ops, tf.reciprocal]) {
    await sameAsStock(t, op.name, () => op(randomTensor([1000], 5)), 1e-6);
    for (const value of special) await sameAsStock(t, `${op.name} of ${value}`, () => op(tf.tensor1d([value])), 1e-6);
  }
});

test('reductions equal the stock backend', async (t) => {
  const axes = [[0], [1], [2], [3], [0, 1, 2], [1, 2], [0, 3], [0, 2], [0, 1, 2, 3]];
  for (const axis of axes) {
    for (const op of [tf.sum, tf.mean, tf.max, tf.min]) {
      await sameAsStock(t, `${op.name} over ${axis}`, () =>
        op(randomTensor([6, 5, 1, 37], 6), axis, axis.length === 2),
      );
    }
  }
  await sameAsStock(t, 'long sum', () => tf.sum(randomTensor([100000], 6)), 1e-4);
  await sameAsStock(t, 'argMax', () => [
    tf.argMax(randomTensor([6, 11], 6), 1),
    tf.argMin(randomTensor([6, 11], 6), 0),
  ]);
});

test('softmax and its logarithm equal the stock backend', async (t) => {
  for (const shape of [
    [4, 10],
    [3, 100],
    [5, 1],
    [2, 3, 17],
  ]) {
    await sameAsStock(t, `${shape}`, () => [
      tf.softmax(randomTensor(shape, 7)),
      tf.logSoftmax(tf.mul(randomTensor(shape, 8), 30)),
    ]);
  }
});

test('slices, transpositions and casts equal the stock backend', async (t) => {
  const x = () => randomTensor([4, 5, 6], 9);
  await sameAsStock(t, 'slice', () => [tf.slice(x(), [1, 0, 2], [2, 5, 3]), tf.slice(x(), [1, 2]), tf.slice(x(), 3)]);
  await sameAsStock(t, 'transpose', () => [
    tf.transpose(x()),
    tf.transpose(x(), [0, 2, 1]),
    tf.transpose(x(), [1, 0, 2]),
  ]);
  await sameAsStock(t, 'cast', () => [
    tf.cast(tf.tensor1d([1, -2, 3], 'int32'), 'float32'),
    tf.cast(tf.greater(x(), 0), 'float32'),
  ]);
});

test('padding and concatenation equal the stock backend', async (t) => {
  const x = (seed: number, shape = [2, 3, 4]) => randomTensor(shape, seed);
  const pads: [number, number][] = [
    [1, 0],
    [0, 2],
    [3, 1],
  ];
  await sameAsStock(t, 'pad', () => [tf.pad(x(1), pads), tf.pad(x(1), pads, -2.5), tf.pad(x(1, [0, 3, 4]), pads)]);
  for (const axis of [0, 1, 2, -1]) {
    await sameAsStock(t, `concat ${axis}`, () => [tf.concat([x(1), x(2), x(3)], axis), tf.stack([x(1), x(2)], 0)]);
  }
  await sameAsStock(t, 'scalars', () => tf.stack([tf.scalar(1), tf.scalar(2)]));
  await sameAsStock(t, 'split', () => tf.split(x(4), 2, 2));
});
