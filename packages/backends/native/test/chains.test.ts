// Chains of elementwise commands: which commands they take, and the bits of the same step run eagerly.
import * as tf from '@tensorflow/tfjs-core';
import test, { type ExecutionContext } from 'ava';
import { chainElementwise } from '../src/capture/chains.ts';
import type { Command, Value } from '../src/capture/graph.ts';
import { captureStep, setThreads } from '../src/index.ts';
import { assertSameBits, randomTensor, useNative } from './support.ts';

test.before(() => useNative());
test.afterEach(() => setThreads(1));

const size = 4096;
const vector = (): Value => ({ bytes: 4 * size, external: undefined });
const scalar = (): Value => ({ bytes: 4, external: undefined });
const unary = (x: Value, y: Value, elements = size): Command => ({
  kernel: 'Unary',
  operands: { x, y },
  outputs: [y],
  numbers: { operation: 'Square', size: elements, first: 0, second: 0 },
});
const binary = (a: Value, b: Value, out: Value): Command => {
  const strides = (value: Value) => [value.bytes === 4 ? 0 : 1];
  const numbers = { operation: 'Add', rank: 1, sizes: [size], stridesA: strides(a), stridesB: strides(b) };
  return { kernel: 'Binary', operands: { a, b, out }, outputs: [out], numbers };
};
const product = (a: Value, out: Value): Command => ({
  kernel: 'MatMul',
  operands: { a, out },
  outputs: [out],
  numbers: {},
});
const sum = (x: Value, out: Value): Command => ({
  kernel: 'Sum',
  operands: { x, out },
  outputs: [out],
  numbers: { outer: 1, reduced: size, inner: 1, mean: false },
});
const shapeOf = (commands: readonly Command[]) =>
  commands.map(({ kernel, links }) => (links ? links.map((link) => link.kernel).join('+') : kernel));

test('elementwise commands of one size become one command, whose inner values have no memory', (t) => {
  const [x, a, b, c] = [vector(), vector(), vector(), vector()];
  const [chain, ...others] = chainElementwise([unary(x, a), unary(a, b), binary(b, x, c)], new Set([c]));
  t.deepEqual(others, []);
  t.deepEqual(shapeOf([chain!]), ['Unary+Unary+Binary']);
  t.deepEqual(new Set(Object.values(chain!.operands)), new Set([x, c]));
  t.deepEqual(chain!.outputs, [c]);
});

test('a value that is wanted, or read by others, leaves the chain', (t) => {
  const [x, a, b, c] = [vector(), vector(), vector(), vector()];
  const [chain] = chainElementwise([unary(x, a), unary(a, b), product(a, c)], new Set([b, c]));
  t.deepEqual(new Set(chain!.outputs), new Set([a, b]));
});

test('what stands before a product and what stands behind it are two chains, in this order', (t) => {
  const [x, a, b, y, c, d] = [vector(), vector(), vector(), vector(), vector(), vector()];
  const commands = [unary(x, a), unary(a, b), product(b, y), binary(y, a, c), unary(c, d)];
  t.deepEqual(shapeOf(chainElementwise(commands, new Set([d]))), ['Unary+Unary', 'MatMul', 'Binary+Unary']);
});

test('what only the way back needs is computed there', (t) => {
  const [x, a, b, y, z, c] = [vector(), vector(), vector(), vector(), vector(), vector()];
  const commands = [unary(x, a), unary(a, b), product(z, y), binary(y, b, c)];
  t.deepEqual(shapeOf(chainElementwise(commands, new Set([c]))), ['MatMul', 'Unary+Unary+Binary']);
});

test('a sum ends in the chain of its terms, and what reads the sum comes in another', (t) => {
  const [x, a, total, b, c] = [vector(), vector(), scalar(), vector(), vector()];
  const commands = [unary(x, a), sum(a, total), binary(x, total, b), unary(b, c)];
  t.deepEqual(shapeOf(chainElementwise(commands, new Set([c]))), ['Unary+Sum', 'Binary+Unary']);
});

test('commands of other sizes, of few elements or alone stay as they are', (t) => {
  const [x, a, b, c] = [vector(), vector(), vector(), vector()];
  t.deepEqual(shapeOf(chainElementwise([unary(x, a, 1000), unary(a, b, 1000)], new Set([b]))), ['Unary', 'Unary']);
  t.deepEqual(shapeOf(chainElementwise([unary(x, a), unary(c, b, 2 * size)], new Set([a, b]))), ['Unary', 'Unary']);
});

/** Numbers from 0 on below 1, the same for a seed. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const unaries = [tf.square, tf.neg, tf.exp, tf.sigmoid, tf.relu, tf.abs, tf.tanh, tf.softplus, tf.sign, tf.round];
const binaries = [tf.add, tf.sub, tf.mul, tf.div, tf.maximum, tf.minimum];

/** A step of `length` random operations on vectors, sums of them and products with a matrix; all it makes adds up to its results. */
function randomStep(seed: number, length: number, side: number) {
  return (inputs: readonly tf.Tensor[], matrix: tf.Tensor2D): tf.Tensor[] => {
    const random = generator(seed);
    const vectors = [...inputs];
    const sums: tf.Tensor[] = [tf.scalar(0.75)];
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
    const recent = () => pick(vectors.slice(-4));
    for (let i = 0; i < length; i++) {
      const kind = random();
      if (kind < 0.35) vectors.push(pick(unaries)(recent()));
      else if (kind < 0.65) vectors.push(pick(binaries)(recent(), random() < 0.3 ? pick(sums) : recent()));
      else if (kind < 0.75) vectors.push(tf.where(tf.less(recent(), recent()), recent(), recent()));
      else if (kind < 0.82) vectors.push(tf.cast(tf.greaterEqual(recent(), pick(sums)), 'float32'));
      else if (kind < 0.9) sums.push(tf.mul(tf.sum(tf.clipByValue(recent(), -1, 1)), 1 / side));
      else if (kind < 0.95) sums.push(tf.mean(tf.clipByValue(recent(), -1, 1)));
      else if (side > 0) vectors.push(tf.reshape(tf.matMul(tf.reshape(recent(), [-1, side]), matrix), recent().shape));
    }
    return [...vectors.slice(-3), ...sums.slice(-2)].map((tensor) => tf.neg(tensor));
  };
}

/** Of two NaN, which bits the sum has depends on the order of its operands, which the compiler chooses. */
const oneNaN = (values: NodeJS.TypedArray) =>
  Float32Array.from(values as Float32Array, (x) => (Number.isNaN(x) ? Number.NaN : x));

/** Runs a step eagerly and captured, and compares all it gives. */
function compare(t: ExecutionContext, step: () => tf.Tensor[], state: readonly tf.Variable[] = []): void {
  const before = state.map((variable) => variable.dataSync().slice());
  const eager = tf.tidy(() => step().map((tensor) => tensor.dataSync().slice()));
  const updated = state.map((variable) => variable.dataSync().slice());
  for (const [i, variable] of state.entries()) variable.assign(tf.tensor(before[i]!, variable.shape));
  const captured = captureStep(step, [], { state });
  for (const threads of [1, 2]) {
    setThreads(threads);
    for (const [i, variable] of state.entries()) variable.assign(tf.tensor(before[i]!, variable.shape));
    const results = captured.run();
    for (const [i, result] of results.entries())
      assertSameBits(t, oneNaN(result), oneNaN(eager[i]!), `result ${i}, ${threads} threads`);
    for (const [i, variable] of state.entries())
      assertSameBits(t, variable.dataSync(), updated[i]!, `${variable.name}, ${threads} threads`);
  }
  captured.dispose();
}

for (const side of [32, 45, 128, 129, 211])
  test(`random steps over ${side ** 2} elements have the bits of the eager ones`, (t) => {
    const inputs = [1, 2, 3].map((seed) => randomTensor([side ** 2], seed));
    const matrix = randomTensor([side, side], 4) as tf.Tensor2D;
    for (let seed = 1; seed <= 12; seed++) {
      const step = randomStep(seed, 30, side);
      compare(t, () => step(inputs, matrix));
    }
  });

for (const [behind, when] of [
  [false, 'beside'],
  [true, 'beside and behind'],
] as const)
  test(`variables that a chain updates where they lie, with old values read before and ${when}`, (t) => {
    const shape = [150, 150];
    const w = tf.variable(randomTensor(shape, 1));
    const moved = tf.variable(tf.zeros(shape));
    const velocity = tf.variable(randomTensor(shape, 2));
    const data = randomTensor(shape, 3) as tf.Tensor2D;
    const loss = () => tf.add(tf.sum(tf.square(tf.matMul(data, w as tf.Tensor2D))), tf.mul(tf.sum(tf.square(w)), 0.3));
    const step = () => {
      const { value, grads } = tf.variableGrads(loss as () => tf.Scalar, [w]);
      const inputs = { param: w, velocity, gradient: grads[w.name]!, learningRate: tf.scalar(1e-3) };
      const attrs = { momentum: 0.9, nesterov: false, weightDecay: 0 };
      const made = tf.engine().runKernel('MomentumUpdate', inputs as never, attrs as never) as unknown as tf.Tensor[];
      const before = tf.square(w);
      moved.assign(tf.add(moved, tf.abs(tf.sub(made[0]!, w))) as tf.Variable);
      w.assign(made[0]! as tf.Variable);
      velocity.assign(made[1]! as tf.Variable);
      return behind ? [value, tf.sum(tf.sub(before, made[0]!))] : [value];
    };
    compare(t, step, [w, moved, velocity]);
  });
