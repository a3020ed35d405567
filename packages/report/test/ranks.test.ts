import test from 'ava';
import { shown } from '../src/index.ts';
import { rankCells, standings } from '../src/statistics/ranks.ts';
import { type Measurements, madeUpNetwork } from './made-up-records.ts';

async function ranksOf(values: Measurements, total?: number) {
  const network = await madeUpNetwork(values, total);
  return Object.fromEntries([...rankCells(network, shown(network).tests)].map(([cell, rank]) => [cell.series, rank]));
}

async function standingsOf(values: Measurements, total?: number) {
  const network = await madeUpNetwork(values, total);
  return Object.fromEntries(
    [...standings(network, shown(network).tests, shown(network).kind.compared)].map(([cell, standing]) => [
      cell.series,
      standing,
    ]),
  );
}

const repeated = (...values: readonly number[]) =>
  Array.from({ length: 20 }, (_, seed) => values[seed % values.length]!);

test('series that differ by the same in all of twenty seeds are ranked one after the other', async (t) => {
  // 16, 16 or 17, 18 and 19 parameters: three of the six differences never vary.
  const ranks = await ranksOf({ a: repeated(19), b: repeated(18), c: repeated(16, 17, 17), d: repeated(16) }, 100);
  t.deepEqual(ranks, { a: 4, b: 3, c: 2, d: 1 });
});

test('in three seeds the same difference may be chance: the rank is shared', async (t) => {
  t.deepEqual(await ranksOf({ a: [98.1, 98.3, 98.2], b: [98.09, 98.29, 98.19] }), { a: 1, b: 1 });
});

test('the best alone is the best; level is what the tests do not separate and whose mean is in its interval', async (t) => {
  const values = {
    best: [98.0, 98.2, 98.1],
    close: [98.1, 98.0, 98.1],
    scattered: [33.2, 60.1, 54.3],
    chance: [10, 10, 98],
    worse: [97.0, 97.21, 97.1],
  };
  t.deepEqual(await standingsOf(values), { best: 'best', close: 'level' });
  // Three seeds separate none of them from the best after the correction: rank 1 says no more than that.
  t.is((await ranksOf(values)).chance, 1);
});

test('of sizes the smallest is the best', async (t) => {
  t.deepEqual(await standingsOf({ a: [20, 21, 25], b: [19, 21, 24], c: [60, 61, 90] }, 100), { a: 'level', b: 'best' });
});

test('equal means share the place of the best, rounding apart', async (t) => {
  // Both have the mean 0.2, as decimals; as binary numbers the sums differ.
  t.deepEqual(await standingsOf({ a: [0.1, 0.2, 0.3], b: [0.3, 0.2, 0.1], c: [0.2, 0.3, 0.1] }), {
    a: 'best',
    b: 'best',
    c: 'best',
  });
});

test('without enough seeds for a test nothing is marked', async (t) => {
  t.deepEqual(await standingsOf({ a: [98, 97], b: [97, 98] }), {});
  t.deepEqual(await standingsOf({ alone: [98, 97, 96] }), {});
});

test('separated, or with equal means, and not both: p-values, better and standing agree', async (t) => {
  const network = await madeUpNetwork({ a: [98.01, 98.02, 98.03], b: [98.02, 98.03, 98.01] });
  const [pair] = shown(network).tests;
  t.is(pair!.better, null);
  t.true(pair!.tTest! > 0.999999);
});
