import { PrunebenchError } from '../errors.ts';
import type { Network } from '../graph/layer.ts';
import { prunableSpecs, sizeOf } from '../graph/parameter-specs.ts';
import { liveUnits, unitMasks } from '../graph/units.ts';
import type { Masks, ParameterArray, ParameterRecord } from '../parameters.ts';
import type { RandomStream } from '../random.ts';
import { checkMasks, checkMasksBefore, checkMasksOf, checkValues } from './check-masks.ts';

/**
 * The parameters with every masked-out value set to 0; what has no mask is passed on as it is, not copied.
 *
 * @throws PrunebenchError for a mask that belongs to no parameter, does not fit it, or holds anything but 0 and 1
 */
export function applyMasks(parameters: ParameterRecord, masks: Masks): ParameterRecord {
  checkMasksOf(parameters, masks);
  return Object.fromEntries(
    Object.entries(parameters).map(([name, parameter]): [string, ParameterArray] => {
      const mask = Object.hasOwn(masks, name) ? masks[name] : undefined;
      if (!mask) return [name, parameter];
      return [name, { shape: parameter.shape, values: masked(name, parameter.values, mask) }];
    }),
  );
}

/** On the numbers' bits: which weights go is unpredictable, and a branch for each costs four times as much. */
function masked(name: string, values: Float32Array, mask: Uint8Array): Float32Array {
  const result = new Float32Array(values.length);
  const from = new Int32Array(values.buffer, values.byteOffset, values.length);
  const to = new Int32Array(result.buffer);
  let seen = 0;
  for (let i = 0; i < mask.length; i++) {
    to[i] = from[i] & -mask[i];
    seen |= mask[i];
  }
  if (seen > 1) checkValues(name, mask);
  return result;
}

/**
 * The kernels, by name in layer order, without a single weight left.
 *
 * @throws PrunebenchError for masks that do not fit the network
 */
export function collapsedLayers(network: Network, masks: Masks): string[] {
  checkMasks(network, masks);
  return prunableSpecs(network)
    .filter(({ name }) => masks[name] && countKept(masks[name]) === 0)
    .map(({ name }) => name);
}

/**
 * Zeros / prunable weights, over the kernels alone: nominal sparsity. `effectiveSparsity` also counts weights that do nothing.
 *
 * @throws PrunebenchError for masks that do not fit the network
 */
export function maskedSparsity(network: Network, masks: Masks): number {
  checkMasks(network, masks);
  let total = 0;
  let removed = 0;
  for (const { name, shape } of prunableSpecs(network)) {
    total += sizeOf(shape);
    if (masks[name]) removed += masks[name].length - countKept(masks[name]);
  }
  return total === 0 ? 0 : removed / total;
}

/** Number of entries that are not 0. */
export function countKept(mask: Uint8Array): number {
  let kept = 0;
  for (let i = 0; i < mask.length; i++) if (mask[i] !== 0) kept++;
  return kept;
}

/**
 * A control: in every parameter as many weights removed as between `before` and `after`, but drawn uniformly among those
 * alive before (Frankle et al. 2021, "layerwise shuffle"). Every parameter draws from its own fork of `random`.
 *
 * @throws PrunebenchError when `after` also masks biases or batch-norm parameters: whole units are shuffled by `shuffleUnits`; and
 *   when it lacks a mask that `before` has, or has another of its size
 */
export function shuffleMasks(before: Masks, after: Masks, random: RandomStream): Masks {
  checkMasksBefore(before, after);
  return Object.fromEntries(
    Object.entries(after).map(([name, mask]): [string, Uint8Array] => {
      const start = before[name] ?? new Uint8Array(mask.length).fill(1);
      if (!name.endsWith('/kernel') && countKept(start) !== countKept(mask))
        throw new PrunebenchError(`shuffleMasks: ${name} was masked too, so whole units were removed.`, {
          remedy: 'Shuffle unit pruning with shuffleUnits.',
        });
      return [name, removeAtRandom(start, countKept(start) - countKept(mask), random.fork(name))];
    }),
  );
}

/** `shuffleMasks` for whole units: in every layer as many units removed as between `before` and `after`, drawn among those alive before. */
export function shuffleUnits(network: Network, before: Masks, after: Masks, random: RandomStream): Masks {
  for (const masks of [before, after]) checkMasks(network, masks);
  let masks: Masks = before;
  for (const { name, shape } of prunableSpecs(network)) {
    const start = liveUnits(shape, before[name]);
    const removed = countKept(start) - countKept(liveUnits(shape, after[name]));
    if (removed === 0) continue;
    masks = intersect(masks, unitMasks(network, name, removeAtRandom(start, removed, random.fork(name))));
  }
  return masks;
}

/** What both keep; a parameter with no entry in one of them is dense there. */
export function intersect(one: Masks, other: Masks): Masks {
  const both: Record<string, Uint8Array> = { ...one };
  for (const [name, mask] of Object.entries(other))
    both[name] = one[name] ? mask.map((kept, i) => (kept !== 0 && one[name][i] !== 0 ? 1 : 0)) : mask;
  return both;
}

/** `mask` without `count` of its live entries: a partial Fisher-Yates shuffle over them. */
function removeAtRandom(mask: Uint8Array, count: number, random: RandomStream): Uint8Array {
  const alive: Uint32Array = Uint32Array.from(mask.keys()).filter((i) => mask[i] !== 0);
  if (count < 0 || count > alive.length)
    throw new Error(`cannot remove ${count} of ${alive.length} live entries: 'after' keeps what 'before' had removed`);
  const result = mask.slice();
  for (let drawn = 0; drawn < count; drawn++) {
    const other = drawn + random.integer(alive.length - drawn);
    [alive[drawn], alive[other]] = [alive[other], alive[drawn]];
    result[alive[drawn]] = 0;
  }
  return result;
}
