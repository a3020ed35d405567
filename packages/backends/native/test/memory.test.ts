// Recycled memory: flat over many steps, and never seen to change by those who hold a tensor or have read one.
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { loadAddon } from '../src/addon.ts';
import { fallbackCounts, registeredBackend, resetFallbackCounts } from '../src/index.ts';
import { BlockPool } from '../src/memory.ts';
import { randomTensor, useNative } from './support.ts';

test.before(() => useNative());

test('memory stays flat over two thousand training steps, none of them on a stock kernel', (t) => {
  const weights = [
    [3, 3, 1, 4],
    [4 * 4 * 4, 10],
  ].map((shape, i) => tf.variable(tf.mul(randomTensor(shape, i), 0.1)));
  const optimizer = tf.train.momentum(0.01, 0.9);
  const labels = tf.oneHot(tf.range(0, 8, 1, 'int32'), 10);
  const step = () =>
    tf.tidy(() => {
      const x = randomTensor([8, 8, 8, 1], 3) as tf.Tensor4D;
      const loss = () => {
        const [filter, kernel] = weights as unknown as [tf.Tensor4D, tf.Tensor2D];
        const h = tf.maxPool(tf.relu(tf.conv2d(x, filter, 1, 'same')), 2, 2, 'valid');
        const logits = tf.matMul(tf.reshape(h, [8, 64]), kernel);
        return tf.neg(tf.mean(tf.sum(tf.mul(tf.logSoftmax(logits), labels), 1))) as tf.Scalar;
      };
      optimizer.minimize(loss);
    });
  for (let i = 0; i < 20; i++) step();
  resetFallbackCounts();
  const { pool } = registeredBackend();
  const [bytes, tensors] = [pool.allocatedBytes, tf.memory().numTensors];
  for (let i = 0; i < 1000; i++) step();
  const resident = process.memoryUsage().rss;
  for (let i = 0; i < 1000; i++) step();
  t.is(pool.allocatedBytes, bytes);
  t.is(tf.memory().numTensors, tensors);
  t.deepEqual(fallbackCounts(), {});
  // JavaScript's own heap breathes; a leak of one activation a step would be 8 MB.
  t.true(process.memoryUsage().rss - resident < 32e6);
});

test('free memory beyond what is kept goes back at once, while JavaScript runs on', async (t) => {
  const megabytes = 2 ** 20;
  const pool = new BlockPool(await loadAddon(), 32 * megabytes);
  const resident = () => process.memoryUsage().rss / megabytes;
  const before = resident();
  // In sizes that cannot take each other's place.
  for (const bytes of [12 * megabytes, 14 * megabytes, 16 * megabytes]) {
    const blocks = Array.from({ length: (384 * megabytes) / bytes }, () => pool.take(bytes));
    for (const { buffer } of blocks) new Uint8Array(buffer).fill(1);
    t.true(resident() - before > 300);
    for (const block of blocks) pool.give(block);
    t.is(blocks[blocks.length - 1].buffer.byteLength, 0);
  }
  t.true(resident() - before < 150);
});

test('values that were read do not change when their memory is used again', async (t) => {
  const a = tf.square(randomTensor([1000], 1));
  const [now, later] = [a.dataSync(), a.data()];
  const expected = Array.from(now);
  a.dispose();
  for (let i = 0; i < 10; i++) tf.exp(randomTensor([1000], i)).dispose();
  t.deepEqual(Array.from(now), expected);
  t.deepEqual(Array.from(await later), expected);
});

test('a view that a stock kernel makes of a tensor does not change with it', (t) => {
  const flags = tf.notEqual(tf.range(0, 64), 3);
  const part = tf.slice(flags, [0], [8]);
  const expected = Array.from(part.dataSync());
  flags.dispose();
  for (let i = 0; i < 10; i++) tf.equal(tf.zeros([64]), 1).dispose();
  t.deepEqual(Array.from(part.dataSync()), expected);
});

test('a clone and a reshape keep the values of a disposed original', (t) => {
  const a = tf.add(randomTensor([6], 1), 1);
  const expected = Array.from(a.dataSync());
  const others = [a.clone(), tf.reshape(a, [2, 3])];
  a.dispose();
  tf.add(randomTensor([6], 2), 1);
  for (const other of others) t.deepEqual(Array.from(other.dataSync()), expected);
});

test('tensors move between backends with their values', async (t) => {
  const a = tf.square(randomTensor([5], 1));
  const expected = Array.from(a.dataSync());
  await tf.setBackend('cpu');
  const doubled = tf.add(a, a);
  await tf.setBackend('native');
  t.deepEqual(Array.from(tf.sub(doubled, a).dataSync()), expected);
});

test('NaN and infinities survive the hot kernels', (t) => {
  for (const bad of [Number.NaN, Infinity]) {
    const x = tf.add(tf.zeros([2, 4, 4, 16]), bad) as tf.Tensor4D;
    const filter = tf.ones([3, 3, 16, 16]) as tf.Tensor4D;
    const flat = tf.reshape(x, [2, 256]) as tf.Tensor2D;
    const outputs = [tf.conv2d(x, filter, 1, 'same'), tf.matMul(flat, tf.ones([256, 3])), tf.relu(x), tf.softmax(flat)];
    for (const output of outputs) t.true(output.dataSync().some((value) => !Number.isFinite(value)));
  }
});
