/** What masks that move have in common: which weights of a kernel close, which open, and the steps of their methods. */
import { type Network, type Plan, PrunebenchError, prunableSpecs, type Step, shareAt } from '@prunebench/core';
import type { TrainingAccess } from '@prunebench/network';
import { quickselect } from 'd3-array';
import { z } from 'zod';

/**
 * Sets the next mask of every kernel that has one with both zeros and ones: one that is dense, or empty, has nothing to exchange.
 *
 * @param next gives it, with as many ones
 */
export async function exchange(
  training: TrainingAccess,
  network: Network,
  next: (name: string, mask: Uint8Array, values: Float32Array) => Uint8Array,
): Promise<void> {
  const masks: Record<string, Uint8Array> = {};
  for (const { name } of prunableSpecs(network)) {
    const mask = training.masks[name];
    if (mask?.includes(0) && mask.includes(1)) masks[name] = next(name, mask, await training.read(name));
  }
  await training.setMasks(masks);
}

/** The places where a mask has this bit, in their order. */
export function places(mask: Uint8Array, bit: 0 | 1): Int32Array {
  const found = new Int32Array(mask.length);
  let count = 0;
  for (let i = 0; i < mask.length; i++) if (mask[i] === bit) found[count++] = i;
  return found.slice(0, count);
}

/** How large the numbers at some places are. */
export function magnitudes(values: Float32Array, at: Int32Array): Float32Array {
  const found = new Float32Array(at.length);
  for (let i = 0; i < found.length; i++) found[i] = Math.abs(values[at[i]]);
  return found;
}

/** How small they are: the larger, the sooner weights close. */
export function smallness(values: Float32Array, at: Int32Array): Float32Array {
  const found = magnitudes(values, at);
  for (let i = 0; i < found.length; i++) found[i] = -found[i];
  return found;
}

/** Of `candidates`, the `count` with the largest scores; the first ones of equals. */
export function largest(scores: Float32Array, candidates: Int32Array, count: number): Int32Array {
  if (count <= 0) return new Int32Array(0);
  if (count >= candidates.length) return candidates;
  const rank = scores.length - count;
  const threshold = quickselect(scores.slice(), rank)[rank];
  let equal = count;
  for (let i = 0; i < scores.length; i++) if (scores[i] > threshold) equal--;
  const found = new Int32Array(count);
  let next = 0;
  for (let i = 0; i < scores.length; i++)
    if (scores[i] > threshold || (scores[i] === threshold && equal-- > 0)) found[next++] = candidates[i];
  return found;
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

/**
 * A random sparse network from the start, with exact counts in every layer, and one training under the extension `id`; a second training
 * keeps the masks.
 *
 * @throws PrunebenchError where there is no training for the mask to move in
 */
export function sparseFromTheStart(
  id: string,
  { pretrain, retrain, at, options }: Plan<{ readonly allocation: z.output<typeof allocationOption> }>,
): readonly Step[] {
  if (!pretrain)
    throw new PrunebenchError(`Method ${id} moves its mask while it trains, and nothing is trained.`, {
      remedy: 'Declare a pretrain.',
    });
  const { allocation, ...chosen } = options;
  return [
    { kind: 'prune', options: { criterion: 'random', sparsity: shareAt(at), scope: 'layerwise', allocation } },
    { kind: 'sparsify', options: { ...pretrain, extensions: [{ id, options: chosen }] } },
    ...(retrain ? [{ kind: 'train', options: retrain }] : []),
  ];
}
