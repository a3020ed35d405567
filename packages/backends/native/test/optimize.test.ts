// Rewrites of captured steps: which commands are left, and the bits of the eager step.
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import type { Command, Value } from '../src/capture/graph.ts';
import { optimize } from '../src/capture/optimize.ts';
import type { Numbers } from '../src/descriptors.ts';
import { captureStep } from '../src/index.ts';
import { randomTensor, randomValues, useNative } from './support.ts';

test.before(() => useNative());

const value = (): Value => ({ bytes: 4, external: undefined });
const [a, b, bias, product, sum, activated] = Array.from({ length: 6 }, value) as [
  Value,
  Value,
  Value,
  Value,
  Value,
  Value,
];
/** A command that writes its last operand. */
const command = (kernel: string, operands: Record<string, Value>, numbers: Numbers): Command => ({
  kernel,
  operands,
  outputs: Object.values(operands).slice(-1),
  numbers,
});
const [rows, width] = [6, 20];
const shape = { m: rows, n: width, k: 8, transposeA: false, transposeB: false };
const multiply = () =>
  command('MatMul', { a, b, out: product }, { batch: 1, ...shape, strideA: 0, strideB: 0, relu: false });
const addRow = (columns: number) => {
  const numbers = { rank: 2, sizes: [(rows * width) / columns, columns], stridesA: [columns, 1], stridesB: [0, 1] };
  return command('Binary', { a: product, b: bias, out: sum }, { operation: 'Add', ...numbers });
};
const unary = (operation: string, x: Value, y: Value) =>
  command('Unary', { x, y }, { operation, size: rows * width, first: 0, second: 0 });
const binary = (operation: string, left: Value, right: Value, out: Value) => {
  const numbers = { operation, rank: 1, sizes: [rows * width], stridesA: [1], stridesB: [1] };
  return command('Binary', { a: left, b: right, out }, numbers);
};
const relu = () => unary('Relu', sum, activated);
const kernels = (commands: Command[]) => commands.map(({ kernel }) => kernel);

test('a bias and the ReLU after it become operands of the product', (t) => {
  const [fused, ...others] = optimize([multiply(), addRow(width), relu()], [activated]);
  t.deepEqual(others, []);
  t.deepEqual(fused!.operands, { a, b, bias, out: activated });
  t.true(fused!.numbers.relu);
});

test('a bias stays apart where it is no row of the product, comes later, or the product is wanted bare', (t) => {
  t.deepEqual(kernels(optimize([multiply(), addRow(2 * width)], [sum])), ['MatMul', 'Binary']);
  t.deepEqual(kernels(optimize([multiply(), addRow(width)], [sum, product])), ['MatMul', 'Binary']);
  const late = command('Fill', { out: bias }, { size: width, value: 1 });
  t.deepEqual(kernels(optimize([multiply(), late, addRow(width)], [sum])), ['MatMul', 'Fill', 'Binary']);
  const square = binary('Multiply', product, product, activated);
  t.deepEqual(kernels(optimize([multiply(), addRow(width), square], [sum, activated])), ['MatMul', 'Binary', 'Binary']);
});

interface Layer {
  name: string;
  inputShape: number[];
  weightShape: number[];
  columns: number;
  product(x: tf.Tensor, weight: tf.Tensor): tf.Tensor;
}

const matMul = (x: tf.Tensor, weight: tf.Tensor) => tf.matMul(x, weight);
const convolution = (size: number, strides: number, from: number, to: number): Layer => ({
  name: `${size}x${size} convolution of ${from} channels with stride ${strides}`,
  inputShape: [2, 9, 9, from],
  weightShape: [size, size, from, to],
  columns: to,
  product: (x, weight) => tf.conv2d(x as tf.Tensor4D, weight as tf.Tensor4D, strides, 'same'),
});

const layers: Layer[] = [
  { name: 'deep product', inputShape: [37, 900], weightShape: [900, 45], columns: 45, product: matMul },
  { name: 'batched product', inputShape: [3, 5, 7], weightShape: [3, 7, 18], columns: 18, product: matMul },
  { name: 'product without depth', inputShape: [4, 0], weightShape: [0, 5], columns: 5, product: matMul },
  convolution(5, 1, 3, 20),
  convolution(3, 1, 16, 24), // Winograd
  convolution(3, 2, 16, 24),
  convolution(1, 1, 16, 24),
];

for (const { name, inputShape, weightShape, columns, product } of layers) {
  test(`${name}: the bias on the way out gives the bits of an addition afterwards`, (t) => {
    const [weight, bias] = [randomTensor(weightShape, 1), randomTensor([columns], 2)];
    const values = randomValues(tf.util.sizeFromShape(inputShape), 3);
    for (const finish of [(y: tf.Tensor) => y, (y: tf.Tensor) => tf.relu(y)]) {
      const body = (x: tf.Tensor) => finish(tf.add(product(x, weight), bias));
      const expected = tf.tidy(() => body(tf.tensor(values, inputShape)).dataSync());
      const step = captureStep(([x]) => [body(x!)], [tf.zeros(inputShape)]);
      t.deepEqual(step.run(values), [expected as Float32Array]);
      step.dispose();
    }
  });
}

test('a weight update joins the product that gives its gradient, unless another one reads it', (t) => {
  const [velocity, rate, newWeight, newVelocity] = Array.from({ length: 4 }, value) as [Value, Value, Value, Value];
  const momentum = { momentum: 0.9, nesterov: false, weightDecay: 1e-4 };
  const update = (): Command => ({
    kernel: 'MomentumUpdate',
    operands: { param: bias, velocity, gradient: product, learningRate: rate, newParam: newWeight, newVelocity },
    outputs: [newWeight, newVelocity],
    numbers: { size: rows * width, ...momentum },
  });
  const [fused, ...others] = optimize([multiply(), update()], [newWeight, newVelocity]);
  t.deepEqual(others, []);
  t.is(fused!.kernel, 'MatMulMomentumUpdate');
  t.deepEqual(fused!.operands, { a, b, param: bias, velocity, learningRate: rate, newParam: newWeight, newVelocity });
  t.deepEqual(fused!.numbers, { ...shape, ...momentum });
  const wanted = [newWeight, newVelocity];
  t.deepEqual(kernels(optimize([multiply(), update()], [...wanted, product])), ['MatMul', 'MomentumUpdate']);
  t.deepEqual(kernels(optimize([multiply(), update(), relu()], wanted)), ['MatMulMomentumUpdate']);
  const reader = unary('Abs', product, activated);
  t.deepEqual(kernels(optimize([multiply(), update(), reader], [...wanted, activated])), [
    'MatMul',
    'MomentumUpdate',
    'Unary',
  ]);
});

test('the gradient of a ReLU joins the product whose result it takes, unless another one reads that', (t) => {
  const gate = (dy: Value, x: Value) => binary('ReluGrad', dy, x, activated);
  const [fused, ...others] = optimize([multiply(), gate(product, bias)], [activated]);
  t.deepEqual(others, []);
  t.is(fused!.kernel, 'MatMulReluGrad');
  t.deepEqual(fused!.operands, { a, b, x: bias, out: activated });
  t.deepEqual(fused!.numbers, shape);
  t.deepEqual(kernels(optimize([multiply(), gate(product, bias)], [activated, product])), ['MatMul', 'Binary']);
  t.deepEqual(kernels(optimize([multiply(), gate(product, product)], [activated])), ['MatMul', 'Binary']);
  t.deepEqual(kernels(optimize([multiply(), gate(bias, product)], [activated])), ['MatMul', 'Binary']);
  const reader = unary('Abs', product, sum);
  t.deepEqual(kernels(optimize([multiply(), gate(product, bias), reader], [activated, sum])), [
    'MatMul',
    'Binary',
    'Unary',
  ]);
});

const momentumStep = (
  param: tf.Tensor,
  velocity: tf.Tensor,
  gradient: tf.Tensor,
  mask: tf.Tensor | null,
  rate: tf.Tensor,
) =>
  tf
    .engine()
    .runKernel(
      'MomentumUpdate',
      { param, velocity, gradient, learningRate: rate, ...(mask ? { mask } : {}) } as never,
      { momentum: 0.9, nesterov: mask !== null, weightDecay: 1e-3 } as never,
    ) as unknown as [tf.Tensor, tf.Tensor];

// Inputs, outputs, batch: wider than a block, A in place and packed, sums deeper than a slice, single rows, none.
const denseLayers = [
  [30, 50, 7],
  [784, 300, 128],
  [131, 45, 129],
  [256, 20, 33],
  [45, 600, 127],
  [20, 33, 900],
  [4, 33, 500],
  [1, 1, 1],
  [13, 7, 0],
  [0, 5, 3],
];

for (const [from, to, examples] of denseLayers as [number, number, number][]) {
  test(`dense layer ${from} x ${to}, batch ${examples}: the fused update gives the bits of the update afterwards`, (t) => {
    for (const [transposed, masked] of [
      [true, true],
      [true, false],
      [false, true],
    ]) {
      const shape = [from, to];
      const start = [randomTensor(shape, 1), randomTensor(shape, 2)] as const;
      const mask = masked ? tf.cast(tf.greater(randomTensor(shape, 3), 0), 'float32') : null;
      const [weight, velocity] = start.map((tensor) => tf.variable(tensor)) as [tf.Variable, tf.Variable];
      const gradientOf = (x: tf.Tensor, dy: tf.Tensor) =>
        tf.matMul(x as tf.Tensor2D, dy as tf.Tensor2D, transposed, false);
      const shapeX = transposed ? [examples, from] : [from, examples];
      const step = captureStep(
        ([x, dy, rate]) => {
          const updated = momentumStep(weight, velocity, gradientOf(x!, dy!), mask, rate!);
          weight.assign(updated[0] as tf.Variable);
          velocity.assign(updated[1] as tf.Variable);
          return [];
        },
        [tf.zeros(shapeX), tf.zeros([examples, to]), tf.scalar(0)],
        { state: [weight, velocity] },
      );
      let expected: [tf.Tensor, tf.Tensor] = [start[0], start[1]];
      for (let i = 0; i < 3; i++) {
        const [x, dy] = [randomValues(from * examples, 10 + i), randomValues(examples * to, 20 + i)];
        step.run(x, dy, Float32Array.of(0.1));
        const gradient = gradientOf(tf.tensor(x, shapeX), tf.tensor(dy, [examples, to]));
        expected = momentumStep(expected[0], expected[1], gradient, mask, tf.scalar(0.1));
      }
      t.deepEqual(weight.dataSync(), expected[0].dataSync());
      t.deepEqual(velocity.dataSync(), expected[1].dataSync());
      step.dispose();
    }
  });
}

// Examples, inputs, outputs: narrow and wide, packed and in place, sums deeper than a slice, none.
for (const [examples, from, to] of [
  [128, 300, 100],
  [128, 100, 10],
  [13, 45, 256],
  [29, 37, 900],
  [1, 1, 1],
  [5, 7, 0],
] as [number, number, number][]) {
  test(`dense layer ${from} x ${to}, batch ${examples}: the gradient through the ReLU on the way out has the bits of one afterwards`, (t) => {
    const weight = randomTensor([from, to], 1);
    const values = randomValues(examples * from, 2);
    values[0] = Number.NaN;
    const body = (x: tf.Tensor, dy: tf.Tensor) =>
      tf.mul(tf.matMul(dy as tf.Tensor2D, weight as tf.Tensor2D, false, true), tf.step(x));
    const dy = randomValues(examples * to, 3);
    const expected = tf.tidy(() => body(tf.tensor(values, [examples, from]), tf.tensor(dy, [examples, to])).dataSync());
    const step = captureStep(([x, dy]) => [body(x!, dy!)], [tf.zeros([examples, from]), tf.zeros([examples, to])]);
    t.deepEqual(step.run(values, dy), [expected as Float32Array]);
    step.dispose();
  });
}

const draw = (kernel: string, attrs: object, inputs: object) =>
  tf.engine().runKernel(kernel, inputs as never, attrs as never) as tf.Tensor;
const bernoulli = (probability: tf.Tensor, counter: tf.Tensor) =>
  draw('BernoulliNoise', { keyLow: 3, keyHigh: 7 }, { probability, counter });
const largest = (scores: tf.Tensor, k: tf.Tensor) => draw('TopKMask', {}, { scores, k });

for (const size of [5, 1003, 40_001])
  test(`masks of ${size} scores that leave what they mask of a weight, and by logits, have the bits of a product afterwards`, (t) => {
    const [weight, scores] = [randomTensor([size], 1), randomTensor([size], 2)];
    const coarse = tf.round(tf.mul(scores, 3)); // equal scores, of which the last stay
    const bodies: ((counter: tf.Tensor, k: tf.Tensor) => tf.Tensor[])[] = [
      (counter) => {
        const mask = bernoulli(tf.sigmoid(tf.mul(scores, 4)), counter);
        return [mask, tf.mul(mask, weight)];
      },
      (counter) => [tf.mul(weight, bernoulli(tf.abs(scores), counter))],
      ...[scores, coarse].map((of) => (_: tf.Tensor, k: tf.Tensor) => {
        const mask = largest(of, k);
        return [mask, tf.mul(weight, mask)];
      }),
    ];
    for (const body of bodies)
      for (const k of [0, size >> 2, size >> 1, size]) {
        const given = [tf.tensor1d([5, 6], 'int32'), tf.scalar(k, 'int32')] as const;
        const expected = tf.tidy(() => body(...given).map((tensor) => tensor.dataSync() as Float32Array));
        const step = captureStep(([counter, count]) => body(counter!, count!), [...given]);
        t.deepEqual(step.run(...given.map((tensor) => tensor.dataSync() as Int32Array)), expected, `k = ${k}`);
        step.dispose();
      }
  });

test('a mask takes the product with a weight that is there before it, and the sigmoid that nobody else reads', (t) => {
  const [logits, counter, mask, weight, masked, probability] = Array.from({ length: 6 }, value) as [
    Value,
    Value,
    Value,
    Value,
    Value,
    Value,
  ];
  const noise = (from: Value) =>
    command('BernoulliNoise', { probability: from, counter, out: mask }, { size: rows * width, logistic: false });
  const sigmoid = unary('Sigmoid', logits, probability);
  const times = (one: Value) => binary('Multiply', one, mask, masked);
  const [fused, ...others] = optimize([sigmoid, noise(probability), times(weight)], [masked]);
  t.deepEqual(others, []);
  t.deepEqual(fused!.operands, { probability: logits, counter, out: mask, weight, masked });
  t.deepEqual(fused!.outputs, [mask, masked]);
  t.true(fused!.numbers.logistic);
  t.deepEqual(kernels(optimize([sigmoid, noise(probability), times(mask)], [masked])), ['BernoulliNoise', 'Binary']);
  t.deepEqual(kernels(optimize([sigmoid, noise(probability)], [mask, probability])), ['Unary', 'BernoulliNoise']);
  const late = unary('Abs', a, weight);
  t.deepEqual(kernels(optimize([noise(probability), late, times(weight)], [masked])), [
    'BernoulliNoise',
    'Unary',
    'Binary',
  ]);
});
