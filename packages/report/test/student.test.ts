/** Student's distribution against its closed forms and R's tables, and Holm's correction against its definition. */

import test from 'ava';
import fc from 'fast-check';
import { holmCorrected } from '../src/statistics/holm.ts';
import { studentP, studentQuantile } from '../src/statistics/student.ts';

function near(
  t: { true(value: boolean, message?: string): unknown },
  actual: number,
  expected: number,
  within = 1e-13,
) {
  t.true(Math.abs(actual / expected - 1) <= within, `${actual} is not ${expected}`);
}

test('quantiles have the closed forms of 1, 2 and 4 degrees of freedom', (t) => {
  for (const p of [0.6, 0.9, 0.95, 0.975, 0.999]) {
    near(t, studentQuantile(p, 1), Math.tan(Math.PI * (p - 0.5)));
    const a = 4 * p * (1 - p);
    near(t, studentQuantile(p, 2), 2 * (p - 0.5) * Math.sqrt(2 / a));
    near(t, studentQuantile(p, 4), 2 * Math.sqrt(Math.cos(Math.acos(Math.sqrt(a)) / 3) / Math.sqrt(a) - 1));
  }
});

test('quantiles of intervals are those of printed tables', (t) => {
  // R: qt(0.975, c(3, 9, 29, 99)).
  for (const [degrees, expected] of [
    [3, 3.18244630528371],
    [9, 2.2621571627982],
    [29, 2.0452296421327],
    [99, 1.98421695158642],
  ] as const)
    near(t, studentQuantile(0.975, degrees), expected, 1e-12);
});

test('p of two and of three values has the closed forms of 1 and 2 degrees of freedom', (t) => {
  // t = mean / (sd / sqrt(n)): (1, 3) has 2 / 1, and (1, 2, 4) has 7 / 3 over sqrt(7 / 9).
  near(t, studentP([1, 3]), 1 - (2 * Math.atan(2)) / Math.PI);
  near(t, studentP([-1, -3]), studentP([1, 3]));
  const statistic = 7 / 3 / Math.sqrt(7 / 9);
  near(t, studentP([1, 2, 4]), 1 - statistic / Math.sqrt(2 + statistic ** 2));
  t.is(studentP([-1, 0, 1]), 1);
});

test("Holm's correction rejects what his procedure rejects, step by step", (t) => {
  const probabilities = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 });
  fc.assert(
    fc.property(probabilities, fc.double({ min: 0.001, max: 0.999, noNaN: true }), (values, level) => {
      const rejected = new Set<number>();
      const left = new Set(values.keys());
      // Holm 1979: while the smallest of what is left is at most level over their number, it is rejected.
      while (left.size > 0) {
        const smallest = [...left].reduce((a, b) => (values[b]! < values[a]! ? b : a));
        if (values[smallest]! * left.size > level) break;
        rejected.add(smallest);
        left.delete(smallest);
      }
      t.deepEqual(
        holmCorrected(values).map((p) => p <= level),
        values.map((_, index) => rejected.has(index)),
      );
    }),
  );
  t.deepEqual(holmCorrected([]), []);
  t.deepEqual(holmCorrected([0.04, 0.01]), [0.04, 0.02]);
});
