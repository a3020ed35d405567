// Reductions, kernels that move elements, and kernels that go by indices, against the stock cpu backend and float64.
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { assertClose, computeOn, randomTensor, randomValues, sameAsStock, useNative } from './support.ts';

test.before(() => useNative());

const integers = (shape: number[], seed: number) => tf.cast(tf.floor(tf.mul(randomTensor(shape, seed), 100)), 'int32');
const flags = (shape: number[], seed: number) => tf.greater(randomTensor(shape, seed), -0.7);

const shapes: [number[], (number | number[])[]][] = [
  [
    [6, 5, 1, 37],
    [0, 1, 2, 3, [0, 1, 2], [1, 2], [0, 3], [0, 2], [0, 1, 2, 3]],
  ],
  [[1], [0]],
  [[7], [0]],
  [
    [3, 1],
    [0, 1],
  ],
  [[50_000], [0]],
  [
    [2, 40_001],
    [0, 1],
  ],
  [
    [3000, 17],
    [0, 1],
  ],
  [
    [5, 900, 3],
    [0, 1, 2, [0, 2]],
  ],
];

for (const [shape, axes] of shapes) {
  test(`reductions of [${shape}] equal the stock backend's`, async (t) => {
    for (const axis of axes) {
      const what = `over ${axis}`;
      await sameAsStock(t, what, () => [
        tf.max(randomTensor(shape, 1), axis),
        tf.min(randomTensor(shape, 1), axis, true),
      ]);
      await sameAsStock(t, what, () => [tf.all(flags(shape, 2), axis), tf.any(flags(shape, 3), axis)]);
      await sameAsStock(t, what, () => [tf.sum(integers(shape, 4), axis), tf.sum(flags(shape, 3), axis)]);
      await sameAsStock(t, what, () => tf.mean(randomTensor(shape, 1), axis), 1e-5);
      // Factors around 1, so that products of thousands stay within range.
      await sameAsStock(t, what, () => tf.prod(tf.add(tf.mul(randomTensor(shape, 5), 0.01), 1), axis), 1e-4);
    }
  });
}

test('sums and means are as exact as float32 allows, also of a million values', async (t) => {
  for (const size of [1, 15, 17, 1000, 16_385, 1_000_003]) {
    const x = randomValues(size, 7);
    const exact = x.reduce((sum, value) => sum + value, 0);
    const magnitude = x.reduce((sum, value) => sum + Math.abs(value), 0);
    const [sum, mean, columns] = await computeOn('native', () => {
      const tensor = tf.tensor1d(x);
      return [tf.sum(tensor), tf.mean(tensor), tf.sum(tf.reshape(tensor, [size, 1]), 0)];
    });
    // Blocks of at most 256 additions in a row, then few levels: far below the sum's own condition.
    const bound = 256 * 2 ** -24 * magnitude;
    t.true(Math.abs(sum!.values[0]! - exact) <= bound, `sum of ${size}`);
    t.true(Math.abs(mean!.values[0]! - exact / size) <= bound / size, `mean of ${size}`);
    t.is(columns!.values[0], sum!.values[0]);
  }
});

test('reductions over no elements, and NaN among the elements', async (t) => {
  for (const op of [tf.sum, tf.mean, tf.prod]) {
    await sameAsStock(t, op.name, () => [op(tf.zeros([0, 3]), 0), op(tf.zeros([3, 0]), 0)]);
  }
  const x = () => tf.tensor2d([1, Number.NaN, 3, 4, 5, -Infinity], [2, 3]);
  for (const op of [tf.sum, tf.mean, tf.max, tf.min, tf.prod]) {
    await sameAsStock(t, op.name, () => [op(x(), 0), op(x(), 1), op(x())]);
  }
  // NaN at every place of a long row, where vectors, their tail and their combination could each lose it.
  for (const at of [0, 15, 16, 63, 64, 130, 131]) {
    const values = new Float32Array(132).fill(-1);
    values[at] = Number.NaN;
    const outputs = await computeOn('native', () => [tf.max(tf.tensor1d(values)), tf.min(tf.tensor1d(values))]);
    t.deepEqual([outputs[0]!.values[0], outputs[1]!.values[0]], [Number.NaN, Number.NaN], `NaN at ${at}`);
  }
});

test('running sums equal the stock backend', async (t) => {
  for (const [shape, axis] of [
    [[9], 0],
    [[4, 5], 0],
    [[4, 5], 1],
    [[2, 3, 4], 1],
    [[3, 0], 1],
  ] as const) {
    for (const exclusive of [false, true])
      for (const reverse of [false, true])
        await sameAsStock(t, `[${shape}] along ${axis}`, () =>
          tf.cumsum(randomTensor([...shape], 1), axis, exclusive, reverse),
        );
  }
});

const x = (shape = [4, 5, 6]) => randomTensor(shape, 9);

test('slices and strided slices equal the stock backend', async (t) => {
  await sameAsStock(t, 'slice', () => [tf.slice(x(), [1, 0, 2], [2, 5, 3]), tf.slice(x(), [1, 2]), tf.slice(x(), 3)]);
  await sameAsStock(t, 'empty slice', () => tf.slice(x(), [1, 0, 2], [0, 5, 3]));
  await sameAsStock(t, 'int32 slice', () => tf.slice(integers([4, 5], 1), [1, 1], [2, 3]));
  await sameAsStock(t, 'bool slice', () => tf.slice(flags([4, 5], 1), [1, 1], [2, 3]));
  await sameAsStock(t, 'strided', () => [
    tf.stridedSlice(x(), [0, 0, 0], [4, 5, 6], [2, 2, 3]),
    tf.stridedSlice(x(), [3, 4, 5], [0, 0, 0], [-1, -2, -3]),
    tf.stridedSlice(x(), [1, 2, 3], [4, 5, 6], [1, 1, 1]),
    tf.stridedSlice(x(), [1], [2], [1], 0, 0, 0, 0, 1),
  ]);
});

test('a strided slice that drops a dimension in the middle takes the right elements', async (t) => {
  // By hand: the stock kernel applies the strides to the wrong dimensions here.
  const values = Float32Array.from({ length: 120 }, (_, i) => i);
  const [slice] = await computeOn('native', () =>
    tf.stridedSlice(tf.tensor3d(values, [4, 5, 6]), [0, 1, 0], [4, 2, 6], [2, 1, 2], 0, 0, 0, 0, 2),
  );
  t.deepEqual(slice!.shape, [2, 3]);
  t.deepEqual([...slice!.values], [6, 8, 10, 66, 68, 70]);
});

test('transpositions, reversals and repetitions equal the stock backend', async (t) => {
  for (const perm of [
    [2, 1, 0],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
  ]) {
    await sameAsStock(t, `transpose ${perm}`, () => [tf.transpose(x(), perm), tf.transpose(x([1, 5, 7]), perm)]);
  }
  await sameAsStock(t, 'transpose of rank 6', () => tf.transpose(x([2, 3, 2, 3, 2, 3]), [5, 0, 4, 1, 3, 2]));
  for (const axis of [0, 1, 2, [0, 2], [0, 1, 2]]) await sameAsStock(t, `reverse ${axis}`, () => tf.reverse(x(), axis));
  await sameAsStock(t, 'reverse scalar', () => tf.reverse(tf.scalar(3)));
  for (const [shape, reps] of [
    [[3], [4]],
    [
      [2, 3],
      [1, 2],
    ],
    [
      [2, 3],
      [3, 1],
    ],
    [
      [2, 3, 4],
      [2, 3, 2],
    ],
    [
      [1, 5],
      [6, 1],
    ],
    [
      [2, 3],
      [0, 2],
    ],
  ]) {
    await sameAsStock(t, `tile [${shape}] by ${reps}`, () => [
      tf.tile(x(shape), reps!),
      tf.tile(integers(shape!, 2), reps!),
    ]);
  }
  await sameAsStock(t, 'broadcast', () => tf.broadcastTo(x([4, 1, 3]), [2, 4, 5, 3]));
  // Too many dimensions for the kernel: the stock kernel takes over.
  await sameAsStock(t, 'tile of rank 5', () => tf.tile(x([2, 2, 2, 2, 2]), [2, 2, 2, 2, 2]));
});

test('padding, joining and splitting equal the stock backend', async (t) => {
  const pads: [number, number][] = [
    [1, 0],
    [0, 2],
    [3, 1],
  ];
  await sameAsStock(t, 'pad', () => [tf.pad(x(), pads), tf.pad(x(), pads, -2.5), tf.pad(x([0, 3, 4]), pads)]);
  await sameAsStock(t, 'pad int32', () => tf.pad(integers([3, 4, 5], 1), pads, 2));
  for (const axis of [0, 1, 2, -1]) {
    const piece = (size: number, seed: number) =>
      randomTensor(
        [2, 3, 4].map((d, i) => (i === (axis + 3) % 3 ? size : d)),
        seed,
      );
    await sameAsStock(t, `concat ${axis}`, () => tf.concat([piece(1, 1), piece(0, 2), piece(5, 3)], axis));
    await sameAsStock(t, `concat of one ${axis}`, () => tf.concat([piece(0, 1), piece(2, 2)], axis));
    await sameAsStock(t, `split ${axis}`, () => tf.split(x([6, 6, 6]), 3, axis));
    await sameAsStock(t, `uneven split ${axis}`, () => tf.split(x([6, 6, 6]), [1, 0, 5], axis));
    await sameAsStock(t, `stack ${axis}`, () => tf.stack([piece(2, 1), piece(2, 2)], axis));
    await sameAsStock(t, `unstack ${axis}`, () => tf.unstack(x(), axis));
  }
  await sameAsStock(t, 'scalars', () => [tf.stack([tf.scalar(1), tf.scalar(2)]), tf.stack([tf.scalar(5)])]);
  await sameAsStock(t, 'bools', () => tf.concat([flags([3], 1), flags([2], 2)]));
  await useNative();
  t.throws(() => tf.concat([x([2, 3]), x([2, 4])], 0), { message: /shape/i });
});

test('gathering, segment sums and one-hot rows equal the stock backend', async (t) => {
  const indices = (...values: number[]) => tf.tensor1d(values, 'int32');
  for (const axis of [0, 1, 2]) await sameAsStock(t, `gather ${axis}`, () => tf.gather(x(), indices(3, 0, 0, 2), axis));
  await sameAsStock(t, 'gather by a matrix', () =>
    tf.gather(
      x(),
      tf.tensor2d(
        [
          [0, 1],
          [3, 3],
        ],
        [2, 2],
        'int32',
      ),
      1,
    ),
  );
  await sameAsStock(t, 'gather by batch', () =>
    tf.gather(
      x([2, 5, 3]),
      tf.tensor2d(
        [
          [0, 4],
          [1, 1],
        ],
        [2, 2],
        'int32',
      ),
      1,
      1,
    ),
  );
  await sameAsStock(t, 'gather nothing', () => tf.gather(x(), tf.tensor1d([], 'int32')));
  await useNative();
  t.throws(() => tf.gather(x(), indices(4)), { message: /not in \[0, 3\]/ });
  t.throws(() => tf.gather(x(), indices(-1)), { message: /not in \[0, 3\]/ });
  await sameAsStock(t, 'segments', () => tf.unsortedSegmentSum(x([5, 300]), indices(2, 0, -1, 2, 7), 3));
  await sameAsStock(
    t,
    'gradient of gather',
    () => tf.grad((v) => tf.sum(tf.square(tf.gather(v, indices(1, 1, 0)))))(x()),
    1e-5,
  );
  await sameAsStock(t, 'one-hot', () => [
    tf.oneHot(indices(0, 2, 5, -1), 3),
    tf.oneHot(indices(1, 0), 4, 2.5, -1, 'float32'),
  ]);
});

test('the gradients of the moving kernels agree with central differences', async (t) => {
  const weights = randomTensor([1, 400], 5);
  const ops: [string, (v: tf.Tensor) => tf.Tensor][] = [
    [
      'pad',
      (v) =>
        tf.pad(v, [
          [1, 2],
          [0, 3],
        ]),
    ],
    ['concat', (v) => tf.concat([v, tf.square(v)], 1)],
    ['stack', (v) => tf.stack([v, tf.exp(v)])],
    ['tile', (v) => tf.tile(v, [2, 3])],
    ['slice', (v) => tf.slice(v, [1, 1], [2, 3])],
    ['transpose', (v) => tf.transpose(tf.square(v))],
    ['reverse', (v) => tf.reverse(tf.square(v), 1)],
    ['gather', (v) => tf.gather(v, tf.tensor1d([2, 2, 0], 'int32'))],
    ['mean', (v) => tf.mean(tf.square(v), 0)],
    ['moments', (v) => tf.moments(v, 1).variance],
    ['max', (v) => tf.max(v, 1)],
    ['cumsum', (v) => tf.cumsum(v, 1)],
    ['softmax', (v) => tf.softmax(v)],
    ['logSoftmax', (v) => tf.logSoftmax(v)],
    ['norm', (v) => tf.norm(v, 2, 1)],
  ];
  for (const [name, op] of ops) {
    const values = randomValues(12, 3);
    const loss = (v: tf.Tensor) => {
      const y = tf.reshape(op(v), [-1]);
      return tf.sum(tf.mul(y, tf.slice(tf.reshape(weights, [-1]), 0, y.size)));
    };
    const h = 2 ** -8;
    const expected: number[] = [];
    for (let i = 0; i < values.length; i++) {
      const at = (shift: number) => () =>
        loss(
          tf.tensor2d(
            values.map((value, j) => (i === j ? value + shift : value)),
            [3, 4],
          ),
        );
      const [[up], [down]] = [await computeOn('native', at(h)), await computeOn('native', at(-h))];
      expected.push((up!.values[0]! - down!.values[0]!) / (2 * h));
    }
    const [gradient] = await computeOn('native', () => tf.grad(loss)(tf.tensor2d(values, [3, 4])));
    assertClose(t, gradient!.values, expected, 5e-4, name);
  }
});
