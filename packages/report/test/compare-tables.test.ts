/** Two tables against one another: made-up numbers whose differences, intervals and tests are worked out by hand. */
import type { TrialRecord } from '@prunebench/core';
import test from 'ava';
import { compareTables } from '../src/index.ts';
import { madeUpRecords } from './made-up-records.ts';

const compareRecords = (first: readonly TrialRecord[], second: readonly TrialRecord[]) =>
  compareTables({ records: first }, { records: second });

test('paired differences have the mean, the interval and the p-value of the textbook', async (t) => {
  const first = await madeUpRecords({ SNIP: [91, 92, 93], OBD: [80, 80, 80] });
  const second = await madeUpRecords({ SNIP: [90, 90, 90], OBD: [80, 80, 80] });
  const { cells, onlyFirst, onlySecond } = compareRecords(first, second);
  t.deepEqual([onlyFirst, onlySecond], [[], []]);
  const snip = cells.find(({ series }) => series === 'SNIP')!;
  // Differences 1, 2, 3: mean 2, sd 1, t = 2 / (1 / sqrt 3) with 2 degrees of freedom, of which the quantile is 4.302653.
  t.is(snip.test.difference!.mean, 2);
  t.is(snip.test.difference!.n, 3);
  t.true(Math.abs(snip.test.difference!.low! - (2 - 4.302653 / Math.sqrt(3))) < 1e-5);
  // P(|T| > t) = 1 - t / sqrt(2 + t^2) for 2 degrees of freedom.
  const statistic = 2 * Math.sqrt(3);
  const p = 1 - statistic / Math.sqrt(2 + statistic ** 2);
  t.true(Math.abs(snip.test.tTest! - p) < 1e-9);
  // Two cells are tested, and this is the smaller p of them.
  t.true(Math.abs(snip.test.tTestHolm! - 2 * p) < 1e-9);
  t.is(snip.better, 'first');
  t.false(snip.separated);
  t.deepEqual(snip.same, []);
  const obd = cells.find(({ series }) => series === 'OBD')!;
  t.deepEqual([obd.same, obd.better, obd.test.tTest], [[0, 1, 2], null, 1]);
});

test('a clear difference is separated, and says which is better', async (t) => {
  const first = await madeUpRecords({ SNIP: [80, 80.001, 80.002] });
  const second = await madeUpRecords({ SNIP: [90, 90, 90] });
  const [cell] = compareRecords(first, second).cells;
  t.true(cell!.separated);
  t.is(cell!.better, 'second');
});

test('seeds are paired where both have them, the others are alone', async (t) => {
  const first = await madeUpRecords({ SNIP: [91, 92, 93], 'only here': [50] });
  const second = (await madeUpRecords({ SNIP: [91, 90, 70, 60], 'only there': [1, 2] })).filter(
    ({ series, spec }) => series !== 'SNIP' || spec.seed !== 1,
  );
  const { cells, onlyFirst, onlySecond } = compareRecords(first, second);
  t.is(cells.length, 1);
  t.deepEqual([cells[0]!.seeds, cells[0]!.same], [[0, 2], [0]]);
  // (0 + 23) / 2; two pairs are too few for a test.
  t.is(cells[0]!.test.difference!.mean, 11.5);
  t.is(cells[0]!.test.tTest, null);
  const places = (alone: typeof onlyFirst) => alone.map(({ series, seeds }) => [series, ...seeds]);
  t.deepEqual(places(onlyFirst), [
    ['SNIP', 1],
    ['only here', 0],
  ]);
  t.deepEqual(places(onlySecond), [
    ['SNIP', 3],
    ['only there', 0, 1],
  ]);
});

test('a seed that failed in one alone is another, one that failed in both is the same', async (t) => {
  const records = await madeUpRecords({ SNIP: [91, 92] });
  const failed = records.map((record) => ({ ...record, measured: null, failure: 'layer collapse' }));
  t.deepEqual(compareRecords(records, [records[0]!, failed[1]!]).cells[0]!.same, [0]);
  t.deepEqual(compareRecords([records[0]!, failed[1]!], [records[0]!, failed[1]!]).cells[0]!.same, [0, 1]);
});

test('what one record says besides is no difference; another number of any kind is', async (t) => {
  const [record] = await madeUpRecords({ SNIP: [91] });
  const { measured } = record!;
  const further = { ...record!, measured: { ...measured!, evaluations: 7 } };
  t.deepEqual(compareRecords([record!], [further]).cells[0]!.same, [0]);
  const other = { ...record!, measured: { ...measured!, trainedExamples: measured!.trainedExamples + 1 } };
  t.deepEqual(compareRecords([record!], [other]).cells[0]!.same, []);
});

test('a side without records has nothing in common', async (t) => {
  const records = await madeUpRecords({ SNIP: [91] });
  const { cells, onlyFirst, onlySecond } = compareRecords([], records);
  t.deepEqual([cells.length, onlyFirst.length, onlySecond.length], [0, 0, 1]);
});
