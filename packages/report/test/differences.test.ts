import { PrunebenchError } from '@prunebench/core';
import test from 'ava';
import { pairedTest } from '../src/index.ts';

const zeros = (values: readonly number[]) => values.map(() => 0);
const ofDifferences = (values: readonly number[]) => pairedTest(values, zeros(values));

/** P(|T| > t) on two degrees of freedom, in closed form and without cancellation for large t. */
const twoSided = (t: number) => 2 / (Math.sqrt(2 + t * t) * (Math.sqrt(2 + t * t) + t));

function tOf(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return Math.abs(mean) / Math.sqrt(variance / values.length);
}

test('a difference that is the same in every seed is tested by its signs: all n alike, 2 / 2^n', (t) => {
  const first = Array.from({ length: 20 }, (_, seed) => seed);
  const { tTest, wilcoxon, note } = pairedTest(
    first,
    first.map((value) => value + 5),
  );
  t.is(tTest, 2 / 2 ** 20);
  t.is(wilcoxon, 2 / 2 ** 20);
  t.regex(note!, /exact sign test/);
  t.is(ofDifferences([3, 3, 3]).tTest, 0.25);
  t.is(ofDifferences([-0.02, -0.02, -0.02, -0.02, -0.02]).tTest, 0.0625);
});

test('rounding is no variation: differences that are the same in decimal have no t', (t) => {
  // 0.3 - 0.2, 0.2 - 0.1 and 0.4 - 0.3 are three numbers.
  t.is(pairedTest([0.3, 0.2, 0.4], [0.2, 0.1, 0.3]).tTest, 0.25);
  t.is(pairedTest([97.31, 96.2, 95.01], [97.3, 96.19, 95]).tTest, 0.25);
  // Thirds: 100 k / 432 differs by one example in each.
  const ofExamples = (correct: readonly number[]) => correct.map((k) => (100 * k) / 432);
  t.is(pairedTest(ofExamples([401, 417, 388, 399]), ofExamples([400, 416, 387, 398])).tTest, 0.125);
  t.deepEqual(pairedTest([0.1 + 0.2, 1, 2], [0.3, 1, 2]), { tTest: 1, wilcoxon: 1, note: null });
});

test('small variance is variance, in any unit: nothing vanishes and nothing overflows', (t) => {
  for (const differences of [
    [1, 2, 3],
    [50, 50.01, 50],
    [50, 50.0001, 50],
  ])
    for (const unit of [1, 1e-9, 1e-160, 1e-200, 1e160, 1e200]) {
      const { tTest } = ofDifferences(differences.map((difference) => difference * unit));
      t.true(Math.abs(tTest! / twoSided(tOf(differences)) - 1) < 1e-5, `${differences} in units of ${unit}: ${tTest}`);
    }
});

test('no p-value is NaN: what is not finite, or has no partner, is refused', (t) => {
  for (const [first, second] of [
    [
      [1, Number.NaN, 3],
      [1, 2, 3],
    ],
    [
      [1, 2, 3],
      [1, Number.NEGATIVE_INFINITY, 3],
    ],
    [
      [1, 2, 3, 4],
      [1, 2, 3],
    ],
    [
      [1, 2, 3],
      [1, 2, 3, 4],
    ],
  ] as const)
    t.throws(() => pairedTest(first, second), { instanceOf: PrunebenchError, message: /finite numbers/ });
});

test('no pair and two pairs are too few', (t) => {
  for (const values of [[], [5], [5, 5]])
    t.deepEqual(ofDifferences(values), { tTest: null, wilcoxon: null, note: 'too few seeds' });
});
