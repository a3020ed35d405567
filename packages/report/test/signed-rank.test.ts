import test from 'ava';
import { pairedTest } from '../src/index.ts';
import { signedRankP } from '../src/statistics/signed-rank.ts';

/** Two-sided p by going through all 2^n signs: zeros dropped, a tied size has the mean of the places it takes. */
function enumerated(differences: readonly number[]): number {
  const sizes = differences.filter((difference) => difference !== 0).map(Math.abs);
  const places = sizes.toSorted((a, b) => a - b).map((size, index) => ({ size, place: index + 1 }));
  const ranks = sizes.map((size) => {
    const tied = places.filter((each) => each.size === size);
    return tied.reduce((sum, { place }) => sum + place, 0) / tied.length;
  });
  const total = ranks.reduce((sum, rank) => sum + rank, 0);
  const signs = differences.filter((difference) => difference !== 0).map((difference) => difference > 0);
  const distance = (positive: (index: number) => boolean) =>
    Math.abs(ranks.reduce((sum, rank, index) => sum + (positive(index) ? rank : 0), 0) - total / 2);
  const observed = distance((index) => signs[index]!);
  let extreme = 0;
  for (let bits = 0; bits < 2 ** ranks.length; bits++)
    if (distance((index) => ((bits >> index) & 1) === 1) >= observed) extreme += 1;
  return extreme / 2 ** ranks.length;
}

const wilcoxon = (differences: readonly number[]) =>
  pairedTest(
    differences,
    differences.map(() => 0),
  ).wilcoxon;

const known: readonly (readonly [differences: readonly number[], p: number])[] = [
  [[1, 1, 1, 1, 1], 0.0625],
  [[1, 1, 2, 3, 4], 0.0625],
  [[-1, -1, -2, -3, -4], 0.0625],
  [[1, 1, 1], 0.25],
  [[2, 3, 3], 0.25],
  [[0, 1, 2], 0.5],
  [[0, 0, 2], 1],
  [[0, 0, 0], 1],
  [[0, 1, 2, 3, -0.5], 0.25],
  [[1, -1, 1, -1], 1],
  [[1, 2, 2, 3, 3, 3, 4, 5, 5, 6], 2 / 1024],
  [Array.from({ length: 20 }, () => -5), 2 / 2 ** 20],
];

for (const [differences, p] of known)
  test(`differences ${differences.join(' ')}: p = ${p}`, (t) => {
    t.is(wilcoxon(differences), p);
    t.is(enumerated(differences.slice(0, 12)), differences.length > 12 ? 2 / 2 ** 12 : p);
  });

test('random small samples with ties and zeros: what an enumeration of all signs gives', (t) => {
  let state = 1;
  const below = (limit: number) => {
    state = (state * 48271) % 2147483647;
    return state % limit;
  };
  for (let round = 0; round < 400; round++) {
    const range = 2 + below(12);
    const differences = Array.from({ length: 3 + below(8) }, () => (below(2 * range + 1) - range) / 4);
    const [actual, expected] = [wilcoxon(differences), enumerated(differences)];
    t.true(Math.abs(actual! - expected) < 1e-14, `${differences}: ${actual} is not ${expected}`);
  }
});

test('accuracies are multiples of 0.01 that binary cannot hold: their ties and zeros count as such', (t) => {
  // Differences 0.01, 0.01, 0.02, -0.01 and 0: ranks 2, 2, 4, 2 without the zero.
  const first = [97.32, 98.01, 96.05, 97.7, 95.1 + 0.2];
  const second = [97.31, 98, 96.03, 97.71, 95.3];
  t.is(pairedTest(first, second).wilcoxon, enumerated([1, 1, 2, -1, 0]));
});

test('never an approximation: 60 and 200 differences of one sign, and a large symmetric sample', (t) => {
  t.is(signedRankP(Array.from({ length: 60 }, (_, index) => 1 + index)), 2 ** -59);
  t.is(signedRankP(Array.from({ length: 200 }, (_, index) => 1 + (index % 7))), 2 ** -199);
  t.is(signedRankP(Array.from({ length: 100 }, (_, index) => (index % 2 === 0 ? 1 : -1) * (1 + (index >> 1)))), 1);
});

test('ten of a hundred negative: what counting in whole numbers of any size gives', (t) => {
  const differences = Array.from({ length: 100 }, (_, index) => (index % 10 === 3 ? -1 : 1) * (index + 1));
  // In Python; SciPy's own exact method rounds 1 - 1.4e-14 and is 2 % off.
  const expected = 1.4262342624133576e-14;
  t.true(Math.abs(signedRankP(differences) / expected - 1) < 1e-12, String(signedRankP(differences)));
});
