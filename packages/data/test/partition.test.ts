import { randomStream } from '@prunebench/core';
import test from 'ava';
import { classCounts } from '../src/labels.ts';
import { partition, proportionalShares } from '../src/partition.ts';

test('shares follow the largest remainder, ties the lower class', (t) => {
  t.deepEqual(proportionalShares([10, 10, 10], 4), [2, 1, 1]);
  // exact shares 3.5, 1.75, 1.75: the two larger remainders get the missing two
  t.deepEqual(proportionalShares([50, 25, 25], 7), [3, 2, 2]);
  t.deepEqual(proportionalShares([0, 5], 2), [0, 2]);
  t.deepEqual(proportionalShares([6, 4], 10), [6, 4]);
});

test('every row is in exactly one part, and every part has the classes in proportion', (t) => {
  const random = randomStream(3);
  const labels = Int32Array.from({ length: 997 }, () => Math.min(random.integer(5), random.integer(5)));
  const parts = partition(labels, 5, { validation: 101, calibration: 37 });
  t.is(parts.validation.length, 101);
  t.is(parts.calibration.length, 37);
  const rows = [...parts.train, ...parts.validation, ...parts.calibration].sort((a, b) => a - b);
  t.deepEqual(rows, [...labels.keys()]);
  const whole = classCounts(labels, 5);
  for (const part of [parts.validation, parts.calibration]) {
    const counts = classCounts(
      [...part].map((row) => labels[row]),
      5,
    );
    counts.forEach((count, k) => {
      t.true(Math.abs(count - (whole[k] * part.length) / labels.length) < 1);
    });
    t.deepEqual(
      [...part],
      [...part].sort((a, b) => a - b),
    );
  }
});

test('the cut is the same everywhere and always', (t) => {
  const labels = Int32Array.from({ length: 40 }, (_, i) => i % 4);
  const { validation, calibration } = partition(labels, 4, { validation: 8, calibration: 4 });
  t.deepEqual([...validation], [0, 5, 6, 11, 17, 20, 22, 35]);
  t.deepEqual([...calibration], [16, 21, 27, 34]);
});

test('a larger calibration part leaves validation as it is', (t) => {
  const labels = Int32Array.from({ length: 200 }, (_, i) => i % 10);
  const cut = (calibration: number) => partition(labels, 10, { validation: 50, calibration });
  t.deepEqual(cut(10).validation, cut(100).validation);
});
