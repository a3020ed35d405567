import type { Split } from '@prunebench/core';
import test from 'ava';
import { cifar10 } from '../src/cifar10.ts';

test('CIFAR-10: equal classes, and the mean and deviation by which the literature normalises', async (t) => {
  const { splits, inputShape } = await cifar10.load();
  t.deepEqual(inputShape, [32, 32, 3]);
  const counts = (split: Split) =>
    Array.from({ length: 10 }, (_, k) => split.labels.filter((label) => label === k).length);
  t.deepEqual(counts(splits.train), Array(10).fill(4400));
  t.deepEqual(counts(splits.validation), Array(10).fill(500));
  t.deepEqual(counts(splits.calibration), Array(10).fill(100));
  t.deepEqual(counts(splits.test), Array(10).fill(1000));

  const sums = [0, 0, 0];
  const squares = [0, 0, 0];
  for (const split of [splits.train, splits.validation, splits.calibration]) {
    const image = new Float32Array(3072);
    for (let i = 0; i < split.size; i++) {
      split.fill([i], image);
      for (let p = 0; p < 3072; p++) {
        sums[p % 3] += image[p];
        squares[p % 3] += image[p] * image[p];
      }
    }
  }
  const pixels = 50_000 * 1024;
  for (const c of [0, 1, 2]) {
    t.true(Math.abs(sums[c] / pixels) < 1e-3, `mean of channel ${c}`);
    t.true(Math.abs(Math.sqrt(squares[c] / pixels) - 1) < 1e-3, `deviation of channel ${c}`);
  }
});

test('the first test images are the ones known from the original distribution', async (t) => {
  const { splits } = await cifar10.load();
  // cat, ship, ship, airplane, frog, frog, automobile, frog, cat, automobile
  t.deepEqual([...splits.test.labels.subarray(0, 10)], [3, 8, 8, 0, 6, 6, 1, 6, 3, 1]);
});
