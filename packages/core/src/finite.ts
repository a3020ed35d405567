import { DivergenceError } from './errors.ts';
import type { ParameterRecord } from './parameters.ts';

/*
 * Numbers that are not finite end a trial with a reason that its record keeps. They are looked for in the parameters too: a backend
 * may make a class out of NaN (wasm's ReLU of NaN is 0), so that a network of NaNs has an accuracy and a loss like any other.
 */

/** The first index whose value is NaN or infinite, or -1. A loop: `findIndex` would call a function for each of millions. */
export function firstNotFinite(values: ArrayLike<number>): number {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return i;
  return -1;
}

/**
 * @param when what comes after the value in the message: "after training"
 * @throws DivergenceError naming the first parameter that is not finite, and the flat index
 */
export function refuseDiverged(parameters: ParameterRecord, when: string): void {
  for (const [name, { values }] of Object.entries(parameters)) {
    const bad = firstNotFinite(values);
    if (bad >= 0)
      throw new DivergenceError(`The network diverged: ${name} is ${values[bad]} at flat index ${bad} ${when}.`);
  }
}

/**
 * Looks through plain data that is on its way into a record.
 *
 * @param what the data, as the message calls it: "the evaluation"
 * @throws DivergenceError naming the first number that is not finite by its place in the data
 */
export function refuseNotFinite(data: unknown, what: string, path: readonly string[] = []): void {
  if (typeof data === 'number' && !Number.isFinite(data))
    throw new DivergenceError(`The network diverged: ${path.join('.') || 'a number'} of ${what} is ${data}.`);
  if (typeof data !== 'object' || data === null) return;
  for (const [key, value] of Object.entries(data)) refuseNotFinite(value, what, [...path, key]);
}
