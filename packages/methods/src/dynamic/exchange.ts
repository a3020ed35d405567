/** What masks that move have in common: which weights of a kernel close, and which open. */
import type { Step } from '@prunebench/core';
import { z } from 'zod';

/** A kernel whose mask has both: one that is dense, or empty, has nothing to exchange. */
export function isSparse(mask: Uint8Array): boolean {
  return mask.includes(0) && mask.includes(1);
}

/** The places for which `eligible` is 1, in their order. */
export function places(eligible: ArrayLike<number>): Int32Array {
  const found = new Int32Array(eligible.length);
  let count = 0;
  for (let i = 0; i < eligible.length; i++) if (eligible[i] === 1) found[count++] = i;
  return found.slice(0, count);
}

/** Of `candidates`, the `count` places with the largest values; the first ones of equals. */
export function largest(values: ArrayLike<number>, candidates: Int32Array, count: number): Int32Array {
  if (count <= 0) return new Int32Array(0);
  if (count >= candidates.length) return candidates;
  const sorted = Float64Array.from(candidates, (at) => values[at]).sort();
  const threshold = sorted[sorted.length - count];
  const above = candidates.filter((at) => values[at] > threshold);
  const equal = candidates.filter((at) => values[at] === threshold);
  return Int32Array.from([...above, ...equal.subarray(0, count - above.length)]).sort();
}

/** The mask with these places set. */
export function withPlaces(mask: Uint8Array, at: Int32Array, bit: 0 | 1): Uint8Array {
  const changed = mask.slice();
  for (const place of at) changed[place] = bit;
  return changed;
}

/** How the first mask is drawn. */
export const allocationOption = z
  .enum(['uniform', 'erk'])
  .default('erk')
  .describe('how the density of the first, random mask is shared among layers');

/** The first mask of a training whose mask moves: random, exact counts in every layer. */
export function randomMask(sparsity: number, allocation: z.output<typeof allocationOption>): Step {
  return { kind: 'prune', options: { criterion: 'random', sparsity, scope: 'layerwise', allocation } };
}
