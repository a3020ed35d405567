/** Native noise and top-k masks against the plain ones of the package that names them, eager and captured. */
import { captureStep, registerNativeBackend, setThreads } from '@prunebench/backend-native';
import { bernoulliNoise, normalNoise, topKMask, uniformNoise } from '@prunebench/network';
import * as tf from '@tensorflow/tfjs-core';
import '@prunebench/testing';
import test from 'ava';

await registerNativeBackend();

const key = { low: 0xdeadbeef, high: 0x01234567 };
const sizes = [0, 1, 3, 4, 5, 31, 64, 65, 1000, 16_384, 16_385, 70_001];

async function on<T>(backend: string, body: () => T): Promise<T> {
  await tf.setBackend(backend);
  return body();
}
const counter = (update: number, batch = 0) => tf.tensor1d([update, batch], 'int32');
const values = (make: () => tf.Tensor) => tf.tidy(() => Array.from(make().dataSync()));

for (const size of sizes)
  test.serial(`${size} numbers: uniform and Bernoulli are the plain bits, normal is within rounding`, async (t) => {
    const all = () => ({
      uniform: values(() => uniformNoise([size], key, counter(5, 2))),
      bernoulli: values(() => bernoulliNoise(tf.fill([size], 0.3), key, counter(5, 2))),
      normal: values(() => normalNoise([size], key, counter(5, 2))),
    });
    const plain = await on('cpu', all);
    const native = await on('native', all);
    t.deepEqual(native.uniform, plain.uniform);
    t.deepEqual(native.bernoulli, plain.bernoulli);
    t.true(native.normal.every((value, i) => Math.abs(value - plain.normal[i]) < 2e-6 * (1 + Math.abs(value))));
    setThreads(2);
    t.deepEqual(all(), native, 'two threads');
    setThreads(1);
  });

test.serial('top-k masks are those of a plain sort, with ties, NaN and both zeros', async (t) => {
  for (const size of [1, 2, 17, 1000, 235_200]) {
    const scores = Float32Array.from({ length: size }, (_, i) => {
      const value = Math.sin(i * 12.9898) * 43758.5453;
      return i % 97 === 5 ? Number.NaN : i % 3 === 0 ? Math.round(value) % 5 : i % 11 === 0 ? -0 : value;
    });
    for (const k of new Set([0, 1, Math.floor(size / 20), Math.floor(size / 2), size])) {
      const mask = () => values(() => topKMask(tf.tensor1d(scores), k));
      t.deepEqual(await on('native', mask), await on('cpu', mask), `${k} of ${size}`);
    }
  }
});

test.serial(
  'captured, they follow the counter and k that come in, also behind a straight-through estimator',
  async (t) => {
    await tf.setBackend('native');
    const scores = tf.variable(tf.randomNormal([40, 30], 0, 1, 'float32', 3));
    const weights = tf.randomNormal([40, 30], 0, 1, 'float32', 4);
    const through = (make: (s: tf.Tensor) => tf.Tensor) =>
      tf.customGrad((s) => ({ value: make(s as tf.Tensor), gradFunc: (dy: tf.Tensor) => dy }));
    const body = ([at, k]: tf.Tensor[]) => {
      const loss = () => {
        const top = through((s) => topKMask(s, k as tf.Scalar))(scores);
        const coin = through((s) => bernoulliNoise(tf.sigmoid(s), key, at))(scores);
        const noisy = tf.add(weights, normalNoise(weights.shape, key, at));
        return tf.sum(tf.square(tf.mul(tf.mul(noisy, top), coin))) as tf.Scalar;
      };
      const { value, grads } = tf.variableGrads(loss, [scores]);
      scores.assign(tf.sub(scores, tf.mul(grads[scores.name], 0.01)));
      return [value];
    };
    const start = scores.dataSync().slice();
    const run = (step: (at: Int32Array, k: Int32Array) => ArrayLike<number>) => {
      scores.assign(tf.tensor(start, scores.shape));
      const losses = Array.from({ length: 5 }, (_, i) => step(Int32Array.of(i, 0), Int32Array.of(100 + i))[0]);
      return { losses, scores: scores.dataSync().slice() };
    };
    const eager = run((at, k) =>
      tf.tidy(() => body([tf.tensor1d(at, 'int32'), tf.scalar(k[0], 'int32')])[0].dataSync()),
    );
    const captured = captureStep(body, [counter(0), tf.scalar(1, 'int32')], { state: [scores] });
    t.deepEqual(
      run((at, k) => captured.run(at, k)[0]),
      eager,
    );
    captured.dispose();
  },
);
