import { PrunebenchError } from '@prunebench/core';

/** Relative size of what rounding leaves of a difference of two percentages: some thousand units in the last place. */
const NOISE = 2 ** -40;

/** Differences of paired samples, and below which size a mean of them is noise. */
export interface Differences {
  readonly values: readonly number[];
  readonly noise: number;
}

/**
 * The first sample minus the second, pair by pair. Differences of percentages carry rounding errors of 1e-14, which must pass
 * neither for variation nor for untied ranks: sizes that differ by noise alone become equal, and those next to 0 become 0.
 *
 * @throws PrunebenchError for samples of different lengths and for values that are not finite
 */
export function pairedDifferences(first: readonly number[], second: readonly number[]): Differences {
  const all = [...first, ...second];
  if (first.length !== second.length || !all.every(Number.isFinite)) {
    throw new PrunebenchError(
      `Paired samples must be finite numbers, as many in the first as in the second: [${first}] and [${second}].`,
      { remedy: 'Leave out the pairs in which a value is missing.' },
    );
  }
  const raw = first.map((value, index) => value - second[index]);
  const noise = NOISE * all.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  const sizes = [0, ...raw.map(Math.abs)].sort((a, b) => a - b);
  const shared = new Map<number, number>();
  sizes.forEach((size, index) => {
    const below = sizes[index - 1];
    shared.set(size, below !== undefined && size - below <= noise ? shared.get(below)! : size);
  });
  return { values: raw.map((difference) => Math.sign(difference) * shared.get(Math.abs(difference))!), noise };
}
