import type { Masks, ParameterRecord } from '@prunebench/core';

/** Number of weights that are left, by kernel. */
export const kept = (masks: Masks): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(masks).map(([name, mask]) => [name, mask.reduce((sum, bit) => sum + bit, 0)]));

/** ||W - M W||^2 over all kernels with a mask. */
export function removedEnergy(parameters: ParameterRecord, masks: Masks): number {
  let energy = 0;
  for (const [name, mask] of Object.entries(masks))
    mask.forEach((bit, i) => {
      if (bit === 0) energy += parameters[name].values[i] ** 2;
    });
  return energy;
}

/** All 0/1 arrays of a length with a given number of ones. */
export function* masksOfSize(length: number, ones: number): Generator<Uint8Array> {
  for (let bits = 0; bits < 2 ** length; bits++) {
    const mask = Uint8Array.from({ length }, (_, i) => (bits >> i) & 1);
    if (mask.reduce((sum, bit) => sum + bit, 0) === ones) yield mask;
  }
}

export const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

export function variance(values: readonly number[]): number {
  const centre = mean(values);
  return values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1);
}
