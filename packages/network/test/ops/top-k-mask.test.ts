import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { defineNetwork, select } from '@prunebench/core';
import test from 'ava';
import { topKMask } from '../../src/index.ts';

const mask = (scores: number[], k: number | tf.Scalar) => [...topKMask(tf.tensor1d(scores), k).dataSync()];

test('exactly k ones, at the largest; the last of equals stay; NaN is lowest', (t) => {
  t.deepEqual(mask([3, 1, 2, 5], 2), [1, 0, 0, 1]);
  t.deepEqual(mask([1, 1, 1, 1], 1), [0, 0, 0, 1]);
  t.deepEqual(mask([-0, 0, -1], 1), [0, 1, 0]);
  t.deepEqual(mask([0, -0, -1], 1), [0, 1, 0]);
  t.deepEqual(mask([Number.NaN, -Infinity, 4], 2), [0, 1, 1]);
  t.deepEqual(mask([1, 2], 0), [0, 0]);
  t.deepEqual(mask([1, 2], 2), [1, 1]);
  t.deepEqual(mask([3, 1, 2], tf.scalar(2, 'int32')), [1, 0, 1]);
  t.deepEqual(mask([3, 1, 2], tf.scalar(9, 'int32')), [1, 1, 1]);
});

test('it is the mask that select would have kept', (t) => {
  const network = defineNetwork({
    name: 'n',
    inputShape: [50],
    layers: [{ kind: 'dense', name: 'fc', inputs: ['input'], units: 20, useBias: false }],
  });
  const scores = Float32Array.from({ length: 1000 }, (_, i) => ((i * 7919) % 23) - 11);
  for (const k of [1, 40, 500, 999]) {
    const masks = select(
      network,
      { 'fc/kernel': scores },
      {
        masks: {},
        sparsity: 1 - k / 1000,
        scope: 'global',
        allocation: 'uniform',
        granularity: 'weight',
        allowLayerCollapse: true,
        by: 'test',
      },
    );
    t.deepEqual(mask([...scores], k), [...masks['fc/kernel']], `${k}`);
  }
});

test('a number of ones that cannot be is refused', (t) => {
  for (const k of [-1, 3, 0.5]) t.throws(() => mask([1, 2], k), { instanceOf: RangeError, message: /k is/ });
});
