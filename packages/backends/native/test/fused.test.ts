// The fused training kernels against compositions of stock ops on the cpu backend (or closed forms).
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { assertClose, computeOn, randomTensor, useNative } from './support.ts';

test.before(() => useNative());

type Inputs = Record<string, tf.Tensor>;
const kernel = (name: string, inputs: Inputs, attrs: object) =>
  tf.engine().runKernel(name, inputs as never, attrs as never) as unknown as tf.Tensor[];

const shapes = [
  [4, 3, 3, 16],
  [2, 5, 5, 7],
  [9, 1],
  [130, 100],
  [8, 32, 32, 20],
];

for (const shape of shapes)
  for (const relu of [false, true])
    for (const withResidual of [false, true]) {
      test(`batch norm of [${shape}], relu ${relu}, residual ${withResidual}, equals the composition`, async (t) => {
        const channels = shape.at(-1)!;
        const axes = shape.slice(0, -1).map((_, d) => d);
        const epsilon = 1e-3;
        const inputs = () => ({
          x: tf.add(randomTensor(shape, 1), 2),
          gamma: randomTensor([channels], 2),
          beta: randomTensor([channels], 3),
          residual: randomTensor(shape, 4),
          dy: randomTensor(shape, 5),
        });
        const expected = await computeOn('cpu', () => {
          const { x, gamma, beta, residual, dy } = inputs();
          const forward = (x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor, residual: tf.Tensor) => {
            const { mean, variance } = tf.moments(x, axes);
            const scaled = tf.mul(tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, epsilon))), gamma);
            // Without a residual its term is zero times it, so that tf.grads still finds a path.
            const sum = tf.add(tf.add(scaled, beta), withResidual ? residual : tf.mul(residual, 0));
            return relu ? tf.relu(sum) : sum;
          };
          const { mean, variance } = tf.moments(x, axes);
          const grads = tf.grads((x, g, b, r) => tf.sum(tf.mul(forward(x!, g!, b!, r!), dy)));
          const gradients = grads([x, gamma, beta, residual]);
          const y = forward(x, gamma, beta, residual);
          return [y, mean, variance, ...gradients.slice(0, withResidual ? 4 : 3)];
        });
        const actual = await computeOn('native', () => {
          const { x, gamma, beta, residual, dy } = inputs();
          const extra: Inputs = withResidual ? { residual } : {};
          const [y, mean, variance] = kernel('BatchNormTraining', { x, gamma, beta, ...extra }, { epsilon, relu });
          const saved = { dy, x, y: y!, gamma, mean: mean!, variance: variance! };
          const gradients = kernel('BatchNormTrainingGrad', saved, { epsilon, relu, residual: withResidual });
          return [y!, mean!, variance!, ...gradients];
        });
        t.is(actual.length, expected.length);
        for (const [i, output] of expected.entries()) {
          t.deepEqual(actual[i]!.shape, output.shape);
          // dx of a batch norm is a small difference of large terms: with few rows it cancels almost wholly.
          assertClose(t, actual[i]!.values, output.values, 1e-4, `output ${i}`);
        }
      });
    }

test('softmax cross-entropy and its gradient equal the composition', async (t) => {
  for (const [rows, classes] of [
    [1, 2],
    [5, 10],
    [64, 100],
    [3, 16],
  ] as const) {
    const labels = Int32Array.from({ length: rows }, (_, i) => (i * 7 + 3) % classes);
    const expected = await computeOn('cpu', () => {
      const oneHot = tf.cast(tf.oneHot(tf.tensor1d(labels, 'int32'), classes), 'float32');
      const loss = (x: tf.Tensor) => tf.neg(tf.mean(tf.sum(tf.mul(tf.logSoftmax(x), oneHot), 1))) as tf.Scalar;
      const logits = tf.mul(randomTensor([rows, classes], 1), 10);
      return [loss(logits), tf.grad(loss)(logits)];
    });
    const actual = await computeOn('native', () =>
      kernel(
        'SoftmaxCrossEntropy',
        {
          logits: tf.mul(randomTensor([rows, classes], 1), 10),
          labels: tf.tensor1d(labels, 'int32'),
        },
        {},
      ),
    );
    for (const [i, output] of expected.entries()) assertClose(t, actual[i]!.values, output.values, 2e-6, `output ${i}`);
  }
});

for (const nesterov of [false, true])
  for (const masked of [false, true]) {
    test(`momentum update, nesterov ${nesterov}, masked ${masked}, follows its formula`, async (t) => {
      const size = 1003;
      const [momentum, weightDecay, rate] = [0.9, 0.01, 0.1];
      const [p, v, g] = [1, 2, 3].map((seed) => randomTensor([size], seed).arraySync() as number[]);
      const mask = p!.map((_, i) => (i % 3 === 0 ? 0 : 1));
      const actual = await computeOn('native', () => {
        const inputs: Inputs = {
          param: tf.tensor1d(p!),
          velocity: tf.tensor1d(v!),
          gradient: tf.tensor1d(g!),
          learningRate: tf.scalar(rate),
        };
        if (masked) inputs.mask = tf.tensor1d(mask);
        return kernel('MomentumUpdate', inputs, { momentum, nesterov, weightDecay });
      });
      const keep = (i: number) => (masked ? mask[i]! : 1);
      const decayed = g!.map((value, i) => value + weightDecay * p![i]!);
      const velocity = v!.map((value, i) => momentum * value + decayed[i]!);
      const step = velocity.map((value, i) => (nesterov ? decayed[i]! + momentum * value : value));
      assertClose(
        t,
        actual[0]!.values,
        p!.map((value, i) => (value - rate * step[i]!) * keep(i)),
        1e-6,
        'parameter',
      );
      assertClose(
        t,
        actual[1]!.values,
        velocity.map((value, i) => value * keep(i)),
        1e-6,
        'velocity',
      );
    });
  }

for (const decoupled of [false, true])
  for (const masked of [false, true]) {
    test(`Adam update, decoupled ${decoupled}, masked ${masked}, follows its formula`, async (t) => {
      const size = 517;
      const [beta1, beta2, epsilon, weightDecay, rate, time] = [0.9, 0.999, 1e-7, 0.02, 0.01, 3];
      const [p, m, g] = [1, 2, 3].map((seed) => randomTensor([size], seed).arraySync() as number[]);
      const v = m!.map((value) => value * value);
      const mask = p!.map((_, i) => (i % 4 === 0 ? 0 : 1));
      const schedule = [rate, 1 - beta1 ** time, 1 - beta2 ** time];
      const actual = await computeOn('native', () => {
        const inputs: Inputs = {
          param: tf.tensor1d(p!),
          m: tf.tensor1d(m!),
          v: tf.tensor1d(v),
          gradient: tf.tensor1d(g!),
          schedule: tf.tensor1d(schedule),
        };
        if (masked) inputs.mask = tf.tensor1d(mask);
        return kernel('AdamUpdate', inputs, { beta1, beta2, epsilon, weightDecay, decoupled });
      });
      const keep = (i: number) => (masked ? mask[i]! : 1);
      const grad = g!.map((value, i) => value + (decoupled ? 0 : weightDecay * p![i]!));
      const first = m!.map((value, i) => beta1 * value + (1 - beta1) * grad[i]!);
      const second = v.map((value, i) => beta2 * value + (1 - beta2) * grad[i]! ** 2);
      const updated = p!.map((value, i) => {
        const step = first[i]! / schedule[1]! / (Math.sqrt(second[i]! / schedule[2]!) + epsilon);
        return (value - rate * (step + (decoupled ? weightDecay * value : 0))) * keep(i);
      });
      assertClose(t, actual[0]!.values, updated, 1e-6, 'parameter');
      assertClose(
        t,
        actual[1]!.values,
        first.map((value, i) => value * keep(i)),
        1e-6,
        'first moment',
      );
      assertClose(
        t,
        actual[2]!.values,
        second.map((value, i) => value * keep(i)),
        1e-6,
        'second moment',
      );
    });
  }

test('the fused kernels refuse tensors that do not go together', async (t) => {
  await useNative();
  const vector = (size: number) => tf.zeros([size]);
  const momentum = { momentum: 0.9, nesterov: false, weightDecay: 0 };
  const update = { param: vector(5), velocity: vector(5), gradient: vector(5), learningRate: tf.scalar(0.1) };
  for (const wrong of [{ gradient: vector(4) }, { mask: tf.ones([5], 'bool') }, { learningRate: vector(2) }]) {
    const message = new RegExp(`MomentumUpdate: ${Object.keys(wrong)[0]} must be float32`);
    t.throws(() => kernel('MomentumUpdate', { ...update, ...wrong }, momentum), { message });
  }
  const adam = { param: vector(5), m: vector(5), v: vector(6), gradient: vector(5), schedule: vector(3) };
  t.throws(() => kernel('AdamUpdate', adam, {}), { message: /AdamUpdate: v must be float32 of 5 elements/ });
  const labels = tf.tensor1d([1, 2], 'int32');
  const entropy = () => kernel('SoftmaxCrossEntropy', { logits: tf.zeros([3, 4]), labels }, {});
  t.throws(entropy, { message: /wants 3 int32 labels/ });
});
