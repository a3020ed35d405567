import '@tensorflow/tfjs-backend-cpu';
import { adamUpdate, momentumUpdate } from '@prunebench/network';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { withKernels } from './kernels.ts';
import { relativeError } from './reference.ts';

const w0 = [0.5, -1, 2, 0.25];
const gradients = [
  [0.1, -0.2, 0.3, 1],
  [-0.5, 0.1, 0.2, 1],
  [0.3, 0.3, -0.1, 1],
];
const mask = [1, 1, 1, 0];

/** One weight's trajectory in plain float64, from the update rules of the papers. */
function sgd(
  w: number,
  g: readonly number[],
  o: { rate: number; momentum: number; nesterov: boolean; decay: number },
): number {
  let v = 0;
  for (const gradient of g) {
    const d = gradient + o.decay * w;
    v = o.momentum * v + d;
    w -= o.rate * (o.nesterov ? d + o.momentum * v : v);
  }
  return w;
}

function adam(
  w: number,
  g: readonly number[],
  o: { rate: number; b1: number; b2: number; eps: number; decay: number; decoupled: boolean },
): number {
  let [m, v] = [0, 0];
  for (const [t, gradient] of g.entries()) {
    const d = gradient + (o.decoupled ? 0 : o.decay * w);
    m = o.b1 * m + (1 - o.b1) * d;
    v = o.b2 * v + (1 - o.b2) * d * d;
    const step = m / (1 - o.b1 ** (t + 1)) / (Math.sqrt(v / (1 - o.b2 ** (t + 1))) + o.eps);
    w -= o.rate * (step + (o.decoupled ? o.decay * w : 0));
  }
  return w;
}

const column = (i: number) => gradients.map((step) => step[i]);

function runMomentum(options: { momentum: number; nesterov: boolean; weightDecay: number }, masked: boolean) {
  return tf.tidy(() => {
    let param: tf.Tensor = tf.tensor1d(masked ? w0.map((w, i) => w * mask[i]) : w0);
    let velocity: tf.Tensor = tf.zerosLike(param);
    for (const step of gradients)
      [param, velocity] = momentumUpdate({
        param,
        velocity,
        gradient: tf.tensor1d(step),
        learningRate: tf.scalar(0.1),
        ...(masked ? { mask: tf.tensor1d(mask) } : {}),
        ...options,
      });
    return { param: [...param.dataSync()], velocity: [...velocity.dataSync()] };
  });
}

for (const nesterov of [false, true])
  for (const weightDecay of [0, 0.3])
    test.serial(
      `momentum (nesterov ${nesterov}, decay ${weightDecay}) follows the rule; masked weights and velocity stay 0`,
      (t) => {
        const options = { momentum: 0.9, nesterov, weightDecay };
        const expected = w0.map((w, i) =>
          sgd(w, column(i), { rate: 0.1, momentum: 0.9, nesterov, decay: weightDecay }),
        );
        t.true(relativeError(runMomentum(options, false).param, expected) < 1e-6);
        const masked = runMomentum(options, true);
        t.true(relativeError(masked.param, expected.with(3, 0)) < 1e-6);
        t.is(masked.velocity[3], 0);
        t.not(masked.velocity[2], 0);
      },
    );

function runAdam(options: { weightDecay: number; decoupled: boolean }, masked: boolean) {
  return tf.tidy(() => {
    let param: tf.Tensor = tf.tensor1d(masked ? w0.map((w, i) => w * mask[i]) : w0);
    let m: tf.Tensor = tf.zerosLike(param);
    let v: tf.Tensor = tf.zerosLike(param);
    for (const [t, step] of gradients.entries())
      [param, m, v] = adamUpdate({
        param,
        m,
        v,
        gradient: tf.tensor1d(step),
        schedule: tf.tensor1d([0.01, 1 - 0.9 ** (t + 1), 1 - 0.99 ** (t + 1)]),
        beta1: 0.9,
        beta2: 0.99,
        epsilon: 1e-8,
        ...(masked ? { mask: tf.tensor1d(mask) } : {}),
        ...options,
      });
    return { param: [...param.dataSync()], m: [...m.dataSync()], v: [...v.dataSync()] };
  });
}

for (const decoupled of [false, true])
  for (const weightDecay of [0, 0.3])
    test.serial(
      `adam (decoupled ${decoupled}, decay ${weightDecay}) follows the rule; masked weights and moments stay 0`,
      (t) => {
        const rule = { rate: 0.01, b1: 0.9, b2: 0.99, eps: 1e-8, decay: weightDecay, decoupled };
        const expected = w0.map((w, i) => adam(w, column(i), rule));
        t.true(relativeError(runAdam({ weightDecay, decoupled }, false).param, expected) < 1e-6);
        const masked = runAdam({ weightDecay, decoupled }, true);
        t.true(relativeError(masked.param, expected.with(3, 0)) < 1e-6);
        t.deepEqual([masked.m[3], masked.v[3]], [0, 0]);
      },
    );

test.serial(
  'with no gradient, decoupled decay shrinks a weight by (1 - rate decay) a step, while Adam moves by about the rate',
  (t) => {
    const step = (decoupled: boolean) =>
      tf.tidy(() => {
        const zero = tf.tensor1d([0]);
        const [param] = adamUpdate({
          param: tf.tensor1d([2]),
          m: zero,
          v: zero,
          gradient: zero,
          schedule: tf.tensor1d([0.01, 0.1, 0.001]),
          beta1: 0.9,
          beta2: 0.999,
          epsilon: 1e-8,
          weightDecay: 0.5,
          decoupled,
        });
        return param.dataSync()[0];
      });
    t.true(Math.abs(step(true) - 2 * (1 - 0.01 * 0.5)) < 1e-6);
    t.true(Math.abs(step(false) - 1.99) < 1e-6);
  },
);

test.serial("a backend's kernels get every input and attribute by its agreed name", (t) => {
  const seen: Record<string, { inputs: string[]; attrs: Record<string, unknown> }> = {};
  const spy =
    (name: string, outputs: number) =>
    (inputs: Record<string, number[]>, attrs: Record<string, unknown>, shapes: Record<string, number[]>) => {
      seen[name] = { inputs: Object.keys(inputs).sort(), attrs };
      return Array.from({ length: outputs }, (_, i) => ({ shape: shapes.param, values: inputs.param.map(() => i) }));
    };
  const calls = withKernels({ MomentumUpdate: spy('MomentumUpdate', 2), AdamUpdate: spy('AdamUpdate', 3) }, () => {
    t.deepEqual(runMomentum({ momentum: 0.9, nesterov: true, weightDecay: 0.1 }, true), {
      param: [0, 0, 0, 0],
      velocity: [1, 1, 1, 1],
    });
    t.deepEqual(runAdam({ weightDecay: 0.1, decoupled: true }, false), {
      param: [0, 0, 0, 0],
      m: [1, 1, 1, 1],
      v: [2, 2, 2, 2],
    });
  });
  t.deepEqual(calls, { MomentumUpdate: 3, AdamUpdate: 3 });
  t.deepEqual(seen.MomentumUpdate, {
    inputs: ['gradient', 'learningRate', 'mask', 'param', 'velocity'],
    attrs: { momentum: 0.9, nesterov: true, weightDecay: 0.1 },
  });
  t.deepEqual(seen.AdamUpdate, {
    inputs: ['gradient', 'm', 'param', 'schedule', 'v'],
    attrs: { beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.1, decoupled: true },
  });
});
