import type { ExecutionContext } from 'ava';

/** Asserts that two numbers differ by less than `tolerance`; a failure prints both. */
export function closeTo(t: ExecutionContext, actual: number, expected: number, tolerance: number, what = ''): void {
  const where = what === '' ? '' : `${what}: `;
  t.true(Math.abs(actual - expected) < tolerance, `${where}${actual} is not within ${tolerance} of ${expected}`);
}
