// Elementwise kernels against float64 references and the stock cpu backend, special values and awkward shapes included.
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { assertClose, computeOn, randomTensor, randomValues, sameAsStock, useNative } from './support.ts';

test.before(() => useNative());

const special = [
  Number.NaN,
  Infinity,
  -Infinity,
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  1.5,
  2.5,
  -2.5,
  1e-40,
  -1e-40,
  3e38,
  2 ** 23,
];

type Unary = (x: number) => number;
/** Float64 references, the range of arguments, and the error bound in units of the last place (float32). */
const references: [string, (x: tf.Tensor) => tf.Tensor, Unary, [number, number], number][] = [
  ['exp', tf.exp, Math.exp, [-80, 80], 2],
  ['log', tf.log, Math.log, [1e-30, 30], 2],
  ['log near 1', tf.log, Math.log, [0.9, 1.1], 2],
  ['log1p', tf.log1p, Math.log1p, [-0.99, 5], 3],
  ['log1p near 0', tf.log1p, Math.log1p, [-1e-5, 1e-5], 3],
  ['expm1', tf.expm1, Math.expm1, [-5, 5], 4],
  ['expm1 near 0', tf.expm1, Math.expm1, [-1e-5, 1e-5], 2],
  ['tanh', tf.tanh, Math.tanh, [-10, 10], 3],
  ['tanh near 0', tf.tanh, Math.tanh, [-1e-4, 1e-4], 2],
  ['sigmoid', tf.sigmoid, (x) => 1 / (1 + Math.exp(-x)), [-30, 30], 4],
  ['softplus', tf.softplus, (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))), [-40, 40], 4],
  ['elu', tf.elu, (x) => (x < 0 ? Math.expm1(x) : x), [-10, 3], 4],
  ['sqrt', tf.sqrt, Math.sqrt, [0, 100], 0.5],
  ['rsqrt', tf.rsqrt, (x) => 1 / Math.sqrt(x), [0.01, 100], 1.5],
  ['reciprocal', tf.reciprocal, (x) => 1 / x, [-5, 5], 0.5],
  ['sin', tf.sin, Math.sin, [-3, 3], 2],
  ['atanh', tf.atanh, Math.atanh, [-0.9, 0.9], 2],
];

for (const [name, op, reference, [low, high], bound] of references) {
  test(`${name} is within ${bound} units in the last place of float64's`, async (t) => {
    const x = randomValues(20_000, 3).map((u) => low + ((u + 1) / 2) * (high - low));
    const [actual] = await computeOn('native', () => op(tf.tensor1d(x)));
    let worst = 0;
    for (const [i, y] of actual!.values.entries()) {
      const exact = reference(x[i]!);
      const unit = 2 ** Math.max(Math.floor(Math.log2(Math.abs(exact))) - 23, -149);
      if (exact !== 0) worst = Math.max(worst, Math.abs(y - exact) / unit);
    }
    t.true(worst <= bound, `worst error ${worst}`);
  });
}

const unaries = [
  ...[
    tf.abs,
    tf.neg,
    tf.square,
    tf.sign,
    tf.floor,
    tf.ceil,
    tf.round,
    tf.relu,
    tf.relu6,
    tf.elu,
    tf.selu,
    tf.leakyRelu,
  ],
  ...[tf.log, tf.log1p, tf.exp, tf.expm1, tf.tanh, tf.sigmoid, tf.softplus, tf.step, tf.sqrt, tf.rsqrt, tf.reciprocal],
  ...[tf.sin, tf.cos, tf.tan, tf.asin, tf.acos, tf.atan, tf.sinh, tf.cosh, tf.asinh, tf.acosh, tf.atanh],
  ...[tf.isNaN, tf.isInf, tf.isFinite],
];

for (const op of unaries) {
  test(`${op.name} equals the stock backend's on special values and awkward sizes`, async (t) => {
    for (const value of special) await sameAsStock(t, `${value}`, () => op(tf.tensor1d([value])), 2e-6);
    for (const shape of [[], [0], [1], [7], [3, 0, 2], [2, 3, 5], [16_385]]) {
      await sameAsStock(t, `shape [${shape}]`, () => op(randomTensor(shape, 5)), 2e-6);
    }
  });
}

test('rounding takes halves to the even neighbour over the whole range', async (t) => {
  const x = [0.5, 1.5, -0.5, -1.5, 2.5, 4194303.5, 4194304.5, 8388607.5, -8388607.5, 8388608, 16777215, 1e20];
  const [actual] = await computeOn('native', () => tf.round(tf.tensor1d(x)));
  t.deepEqual([...actual!.values].map(Math.abs), [
    0,
    2,
    0,
    2,
    2,
    4194304,
    4194304,
    8388608,
    8388608,
    8388608,
    16777215,
    Math.fround(1e20),
  ]);
});

const pairs: [number[], number[]][] = [
  [
    [3, 4],
    [3, 4],
  ],
  [[5, 7], [7]],
  [[7], [5, 7]],
  [
    [5, 7],
    [5, 1],
  ],
  [
    [1, 1],
    [4, 3],
  ],
  [
    [2, 3, 4, 5],
    [4, 1],
  ],
  [
    [2, 3, 4, 5],
    [2, 1, 4, 1],
  ],
  [
    [2, 1, 4],
    [1, 3, 1],
  ],
  [
    [2, 1, 3, 1, 2],
    [1, 4, 1, 5, 1],
  ],
  [[], [2, 2]],
  [[], []],
  [[0, 3], [3]],
  [
    [300, 5, 17],
    [5, 1],
  ],
  [[40_001], [1]],
];
const binaries = [
  ...[tf.add, tf.sub, tf.mul, tf.div, tf.maximum, tf.minimum, tf.squaredDifference, tf.pow, tf.mod, tf.atan2],
  ...[tf.equal, tf.notEqual, tf.greater, tf.greaterEqual, tf.less, tf.lessEqual, tf.prelu, tf.floorDiv],
];

for (const op of binaries) {
  test(`${op.name} broadcasts as the stock backend's, special values included`, async (t) => {
    // Quarters, so that equal and whole quotients occur.
    const operand = (shape: number[], seed: number) => tf.div(tf.round(tf.mul(randomTensor(shape, seed), 8)), 4);
    for (const [a, b] of pairs) {
      const shapes = op === tf.prelu && b.length > a.length ? [b, a] : [a, b];
      await sameAsStock(t, `[${a}] with [${b}]`, () => op(operand(shapes[0]!, 3), operand(shapes[1]!, 4)), 2e-6);
    }
    const values = special.filter((value) => Math.abs(value) < 1e30 || !Number.isFinite(value));
    const grid = (): [tf.Tensor, tf.Tensor] => [tf.tensor(values, [values.length, 1]), tf.tensor(values)];
    await sameAsStock(t, 'special values', () => op(...grid()), 2e-6);
  });
}

test('int32 arithmetic equals the stock backend, overflow included', async (t) => {
  const a = () => tf.tensor2d([7, -7, 0, 2 ** 31 - 1, -(2 ** 31), 12], [6, 1], 'int32');
  const b = () => tf.tensor1d([2, -2, 3, 1], 'int32');
  for (const op of [tf.add, tf.sub, tf.maximum, tf.minimum, tf.floorDiv, tf.mod, tf.div, tf.mul]) {
    await sameAsStock(t, op.name, () => op(a(), b()));
  }
  await sameAsStock(t, 'comparison', () => [tf.less(a(), b()), tf.equal(a(), b())]);
  const [quotient] = await computeOn('native', () => tf.floorDiv(a(), tf.scalar(0, 'int32')));
  t.deepEqual([...quotient!.values], [0, 0, 0, 0, 0, 0]);
});

test('conversions between types equal the stock backend', async (t) => {
  const values = [0, -0, 1.9, -1.9, 3e9, -3e9, 1e20, Number.NaN, Infinity, 1e-40];
  for (const to of ['float32', 'int32', 'bool'] as const) {
    await sameAsStock(t, `float32 to ${to}`, () => tf.cast(tf.tensor1d(values), to));
    await sameAsStock(t, `int32 to ${to}`, () => tf.cast(tf.tensor1d([0, -5, 7], 'int32'), to));
    await sameAsStock(t, `bool to ${to}`, () => tf.cast(tf.tensor1d([true, false, true], 'bool'), to));
  }
});

test('a bool taken as int32 is four bytes wide in the kernels that follow', async (t) => {
  const flags = Array.from({ length: 100 }, (_, i) => i % 3 === 0);
  await sameAsStock(t, 'sum', () => tf.add(tf.cast(tf.cast(tf.tensor1d(flags, 'bool'), 'int32'), 'float32'), 1));
});

test('logic and selection equal the stock backend', async (t) => {
  const flags = (seed: number, shape: number[]) => tf.greater(randomTensor(shape, seed), 0);
  for (const shape of [[1], [33], [4, 5], [0, 2]]) {
    await sameAsStock(t, `logic ${shape}`, () => [
      tf.logicalAnd(flags(1, shape), flags(2, shape)),
      tf.logicalOr(flags(1, shape), flags(2, shape)),
      tf.logicalXor(flags(1, shape), flags(2, shape)),
      tf.logicalNot(flags(1, shape)),
    ]);
    await sameAsStock(t, `where ${shape}`, () => [
      tf.where(flags(1, shape), randomTensor(shape, 3), randomTensor(shape, 4)),
      tf.where(flags(1, shape), randomTensor(shape, 3), tf.scalar(Number.NaN)),
    ]);
  }
});

test('sums of many tensors and clipping equal the stock backend', async (t) => {
  await sameAsStock(t, 'addN', () => tf.addN([1, 2, 3, 4].map((seed) => randomTensor([5, 7], seed))));
  await sameAsStock(t, 'clip', () => tf.clipByValue(randomTensor([999], 1), -0.25, 0.5));
  await sameAsStock(t, 'clip NaN', () => tf.clipByValue(tf.tensor1d(special), -1, 1));
});

const alternating = (size: number) =>
  tf.tensor1d(
    Array.from({ length: size }, (_, i) => i % 2 === 0),
    'bool',
  );

// Points away from the kinks of piecewise functions.
const smooth: [string, (x: tf.Tensor) => tf.Tensor][] = [
  ['tanh', tf.tanh],
  ['sigmoid', tf.sigmoid],
  ['softplus', tf.softplus],
  ['elu', tf.elu],
  ['selu', tf.selu],
  ['leakyRelu', (x) => tf.leakyRelu(x, 0.3)],
  ['log1p', (x) => tf.log1p(tf.square(x))],
  ['pow', (x) => tf.pow(tf.add(tf.square(x), 0.5), 1.7)],
  ['exponent', (x) => tf.pow(tf.scalar(2), x)],
  ['where', (x) => tf.where(alternating(x.size), tf.mul(x, 3), tf.exp(x))],
  ['clip', (x) => tf.clipByValue(x, -0.5, 0.5)],
  ['atan2', (x) => tf.atan2(x, tf.scalar(0.7))],
  ['abs and sqrt', (x) => tf.sqrt(tf.add(tf.abs(x), 0.1))],
  ['rsqrt', (x) => tf.rsqrt(tf.add(tf.square(x), 1))],
  ['expm1 and erf', (x) => tf.mul(tf.expm1(x), tf.erf(x))],
];

for (const [name, op] of smooth) {
  test(`the gradient of ${name} agrees with central differences`, async (t) => {
    const x = [-1.3, -0.8, -0.2, 0.1, 0.45, 0.9, 1.7];
    const h = 2 ** -8;
    const at = (shift: number) => () => op(tf.tensor1d(x.map((value) => value + shift)));
    const [[up], [down]] = [await computeOn('native', at(h)), await computeOn('native', at(-h))];
    const [gradient] = await computeOn('native', () => tf.grad((v) => tf.sum(op(v)))(tf.tensor1d(x)));
    const expected = x.map((_, i) => (up!.values[i]! - down!.values[i]!) / (2 * h));
    // The difference's own error: h^2 times a third derivative, and rounding over 2 h.
    assertClose(t, gradient!.values, expected, 1e-4, name);
  });
}
