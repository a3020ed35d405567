/** Data sets of one's own: every example comes back once, with its label, and faults are named. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Dataset, PrunebenchError, type SplitName } from '@prunebench/core';
import test from 'ava';
import { fromArrays, fromIdx } from '../src/index.ts';

/** Examples [i, i + 1/2] with label i mod 3. */
const numbered = (count: number, first = 0) => ({
  values: Float32Array.from({ length: 2 * count }, (_, i) => first + Math.floor(i / 2) + (i % 2) / 2),
  labels: Array.from({ length: count }, (_, i) => i % 3),
});
const OWN = { id: 'own', title: 'Own', inputShape: [2], classes: 3, validation: 6, calibration: 3 };

function content({ splits }: Dataset, name: SplitName, size: number) {
  const split = splits[name];
  const out = new Float32Array(split.size * size);
  split.fill(
    Int32Array.from({ length: split.size }, (_, i) => i),
    out,
  );
  return { values: out, labels: [...split.labels] };
}

test('of arrays every training example is in one split, in the proportions of its class, as it was given', async (t) => {
  const entry = fromArrays({ ...OWN, train: numbered(30), test: numbered(6, 1000) });
  t.deepEqual(entry.shape, { inputShape: [2], classes: 3 });
  const dataset = await entry.load();
  const seen: number[] = [];
  for (const [name, count] of [
    ['train', 21],
    ['validation', 6],
    ['calibration', 3],
  ] as const) {
    const { values, labels } = content(dataset, name, 2);
    t.is(labels.length, count);
    for (const label of [0, 1, 2]) t.is(labels.filter((each) => each === label).length, count / 3);
    labels.forEach((label, i) => {
      t.is(values[2 * i] % 3, label, 'a label stays with its example');
      t.is(values[2 * i + 1], values[2 * i] + 0.5);
      seen.push(values[2 * i]);
    });
  }
  t.deepEqual(
    seen.toSorted((a, b) => a - b),
    Array.from({ length: 30 }, (_, i) => i),
  );
  t.deepEqual([...content(dataset, 'test', 2).values], [...numbered(6, 1000).values]);
  t.is(await entry.load(), dataset, 'it is made once');
});

test('other values, labels and splits have another checksum, the same have the same', async (t) => {
  const of = async (own: Partial<Parameters<typeof fromArrays>[0]>) =>
    (await fromArrays({ ...OWN, train: numbered(30), test: numbered(6), ...own }).load()).checksum;
  const checksum = await of({});
  t.is(await of({ title: 'Called otherwise' }), checksum);
  const { values, labels } = numbered(30);
  for (const other of [
    { train: { values: values.map((value) => value + 1), labels } },
    { train: { values, labels: labels.toReversed() } },
    { test: numbered(6, 1) },
    { validation: 3 },
    { id: 'other' },
  ])
    t.not(await of(other), checksum);
});

const faulty: readonly (readonly [string, Partial<Parameters<typeof fromArrays>[0]>, RegExp])[] = [
  [
    'too few values',
    { train: { values: new Float32Array(59), labels: numbered(30).labels } },
    /train: 30 labels and examples of 2 need 60 values, found 59\.$/,
  ],
  [
    'a value that is not finite',
    { test: { values: Float32Array.of(1, 2, 3, Number.NaN), labels: [0, 1] } },
    /test: example 1 has a value that is NaN\.$/,
  ],
  [
    'a label that is no class',
    { test: { values: new Float32Array(4), labels: [0, 3] } },
    /test: expected labels 0 to 2, found 3 at position 1\.$/,
  ],
  [
    'a label that is no whole number',
    { test: { values: new Float32Array(4), labels: [0.5, 0] } },
    /found 0\.5 at position 0\.$/,
  ],
  ['nothing left to train on', { validation: 27 }, /of 30 examples .* leave none to train on\.$/],
  ['no validation', { validation: 0 }, /"validation" must be a whole number of examples of at least 1, found 0\.$/],
];

for (const [what, own, says] of faulty)
  test(`arrays with ${what} are one clear error`, async (t) => {
    const entry = fromArrays({ ...OWN, train: numbered(30), test: numbered(6), ...own });
    const error = await t.throwsAsync(entry.load(), { instanceOf: PrunebenchError });
    t.true(error.message.startsWith('Data set "own": '), error.message);
    t.regex(error.message, says);
    t.truthy(error.remedy);
  });

/** An IDX file by the format's own words: two zero bytes, 8 for unsigned bytes, the number of dimensions, each as four bytes. */
const idx = (shape: readonly number[], bytes: readonly number[]) =>
  Uint8Array.from([0, 0, 8, shape.length, ...shape.flatMap((size) => [0, 0, size >> 8, size & 255]), ...bytes]);

async function idxFolder() {
  const folder = await mkdtemp(join(tmpdir(), 'own-idx-'));
  const pair = (name: string) => ({ images: join(folder, `${name}-images`), labels: join(folder, `${name}-labels`) });
  const write = async (name: string, count: number) => {
    await writeFile(
      pair(name).images,
      idx(
        [count, 1, 2],
        Array.from({ length: 2 * count }, (_, i) => i),
      ),
    );
    await writeFile(
      pair(name).labels,
      idx(
        [count],
        Array.from({ length: count }, (_, i) => i % 3),
      ),
    );
  };
  await write('train', 30);
  await write('test', 3);
  const own = { ...OWN, inputShape: [1, 2, 1], train: pair('train'), test: pair('test') };
  return { own, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
}

test('files in the form of MNIST are normalised as they say', async (t) => {
  await using made = await idxFolder();
  const plain = await fromIdx(made.own).load();
  t.deepEqual(
    [...content(plain, 'test', 2).values],
    [0, 1, 2, 3, 4, 5].map((byte) => Math.fround(byte / 255)),
  );
  t.deepEqual(content(plain, 'test', 2).labels, [0, 1, 2]);
  t.is(content(plain, 'train', 2).labels.length, 21);
  const scaled = await fromIdx({ ...made.own, mean: [0.5], deviation: [0.25] }).load();
  t.deepEqual(
    [...content(scaled, 'test', 2).values],
    [0, 1, 2, 3, 4, 5].map((byte) => Math.fround((byte / 255 - 0.5) / 0.25)),
  );
  t.not(scaled.checksum, plain.checksum);
});

test('files that are missing, truncated or of another size are named', async (t) => {
  await using made = await idxFolder();
  const { own } = made;
  const load = (inputShape: readonly number[] = own.inputShape) => fromIdx({ ...own, inputShape }).load();
  await t.throwsAsync(load([2, 2, 1]), {
    message: /train-images: expected dimensions 30 x 2 x 2, found 30 x 1 x 2\.$/,
  });
  await writeFile(own.test.labels, idx([3], [0, 1, 9]));
  await t.throwsAsync(load(), { instanceOf: PrunebenchError, message: /test-labels: expected labels 0 to 2, found 9/ });
  await writeFile(own.test.labels, Uint8Array.of(0, 0, 8));
  await t.throwsAsync(load(), { instanceOf: PrunebenchError, message: /test-labels: the file is truncated/ });
  await rm(own.test.labels);
  await t.throwsAsync(load(), { message: /test-labels/ });
});
