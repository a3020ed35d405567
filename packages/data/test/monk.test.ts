import type { Split } from '@prunebench/core';
import test from 'ava';
import { loadDataset } from '../src/index.ts';

/** The inputs of every example as a string of 17 digits. */
function codes({ size, fill }: Split): string[] {
  const out = new Float32Array(size * 17);
  fill([...Array(size).keys()], out);
  return Array.from({ length: size }, (_, i) => out.slice(17 * i, 17 * (i + 1)).join(''));
}

const sum = (values: Iterable<number>) => [...values].reduce((a, b) => a + b, 0);

/** Sizes and positives as the UCI repository and Thrun et al. 1991 give them. */
const published = {
  monk1: { train: 124, trainPositives: 62, testPositives: 216, noisy: 0 },
  monk2: { train: 169, trainPositives: 64, testPositives: 142, noisy: 0 },
  monk3: { train: 122, trainPositives: 60, testPositives: 228, noisy: 6 },
};

for (const [id, expected] of Object.entries(published))
  test(`${id} has the published sizes, positives and noise`, async (t) => {
    const { splits, inputShape, classes } = await loadDataset(id);
    t.deepEqual(inputShape, [17]);
    t.is(classes, 2);
    t.is(splits.train.size, expected.train);
    t.is(sum(splits.train.labels), expected.trainPositives);
    t.is(splits.test.size, 432);
    t.is(sum(splits.test.labels), expected.testPositives);

    const domain = codes(splits.test);
    t.is(new Set(domain).size, 432);
    // one 1 in each of the six attributes' groups of inputs
    for (const code of domain) t.regex(code, /^(100|010|001){2}(10|01)(100|010|001)(1000|0100|0010|0001)(10|01)$/);

    const truth = new Map(domain.map((code, i) => [code, splits.test.labels[i]]));
    const training = codes(splits.train);
    t.is(new Set(training).size, expected.train);
    t.is(training.filter((code, i) => truth.get(code) !== splits.train.labels[i]).length, expected.noisy);
  });

test('the concepts hold on examples worked out by hand', async (t) => {
  const label = async (id: string, code: string) => {
    const { test: domain } = (await loadDataset(id)).splits;
    return domain.labels[codes(domain).indexOf(code.replaceAll(' ', ''))];
  };
  // head round (1), body round (1), smiling yes (1), holding sword (1), jacket red (1), tie yes (1)
  const allOnes = '100 100 10 100 1000 10';
  t.is(await label('monk1', allOnes), 1);
  t.is(await label('monk2', allOnes), 0);
  t.is(await label('monk3', allOnes), 1);
  // head 1, body 2, smiling 2, holding 3, jacket 4, tie 1: two ones
  const twoOnes = '100 010 01 001 0001 10';
  t.is(await label('monk1', twoOnes), 0);
  t.is(await label('monk2', twoOnes), 1);
  t.is(await label('monk3', twoOnes), 0);
  // body 3, holding sword, jacket green (3): only the first half of MONK-3's rule
  t.is(await label('monk3', '010 001 01 100 0010 01'), 1);
});

test('train, validation and calibration are the published training set', async (t) => {
  const { splits } = await loadDataset('monk2');
  t.deepEqual(codes(splits.validation), codes(splits.train));
  t.deepEqual(codes(splits.calibration), codes(splits.train));
});
