import { PrunebenchError } from '../errors.ts';
import type { Network } from '../graph/layer.ts';
import { parameterSpecs, sizeOf } from '../graph/parameter-specs.ts';
import { nearestName } from '../names/nearest-name.ts';
import type { Masks, ParameterRecord } from '../parameters.ts';

/**
 * What every function that takes a network and masks checks first: a mask that fits nothing would count a layer as dense.
 * Running statistics may have a mask that keeps everything, as a mask of all parameters has it.
 *
 * @throws PrunebenchError naming the first mask that belongs to no parameter (and the nearest one that it may be meant
 *   for), has another number of entries, or holds anything but 0 and 1
 */
export function checkMasks(network: Network, masks: Masks): void {
  const sizes = new Map<string, number>();
  for (const { name, shape } of parameterSpecs(network)) sizes.set(name, sizeOf(shape));
  checkFit(sizes, masks, `network ${network.name}`);
  for (const [name, mask] of Object.entries(masks)) checkValues(name, mask);
}

/**
 * `checkMasks` where only parameters are known, and of names and sizes alone: cheap, for where masks are applied again and again.
 *
 * @throws PrunebenchError as `checkMasks`, but not for values
 */
export function checkMasksOf(parameters: ParameterRecord, masks: Masks): void {
  const sizes = new Map(Object.entries(parameters).map(([name, { values }]) => [name, values.length]));
  checkFit(sizes, masks, 'these parameters');
}

const RUNNING_STATISTICS = /\/moving(Mean|Variance)$/;

function unmaskable(name: string): PrunebenchError {
  return new PrunebenchError(`The mask of ${name} removes a running statistic, which no pruning does.`, {
    remedy: 'Leave it out; to remove a unit, mask its kernel, bias, gamma and beta.',
  });
}

/** Masks before and after an event: what was masked before has a mask of the same size afterwards. */
export function checkMasksBefore(before: Masks, after: Masks): void {
  checkFit(new Map(Object.entries(after).map(([name, mask]) => [name, mask.length])), before, 'the later masks');
  for (const masks of [before, after]) for (const [name, mask] of Object.entries(masks)) checkValues(name, mask);
}

/**
 * Masks that a threshold rule decides on: they fit the network, and nothing that was removed comes back.
 *
 * @param by whose masks they are, as messages call it: "Criterion threshold-sigma"
 * @throws PrunebenchError as `checkMasks`; and naming `by` and the parameter whose mask is missing or brings weights back
 */
export function checkNextMasks(network: Network, before: Masks, after: Masks, by: string): void {
  const fault = (what: string) => new PrunebenchError(`${by} ${what}.`, { remedy: 'Correct the criterion.' });
  try {
    checkMasks(network, after);
  } catch (cause) {
    if (!(cause instanceof PrunebenchError)) throw cause;
    throw new PrunebenchError(`${by} gives masks that do not fit. ${cause.message}`, {
      ...(cause.remedy === undefined ? {} : { remedy: cause.remedy }),
      cause,
    });
  }
  for (const [name, mask] of Object.entries(before)) {
    if (!after[name]) throw fault(`gives no mask for ${name}, which is pruned already`);
    if (after[name].some((bit, i) => bit === 1 && mask[i] === 0)) throw fault(`brings pruned weights of ${name} back`);
  }
}

/** The error for a mask with an entry that is neither 0 nor 1. */
export function checkValues(name: string, mask: Uint8Array): void {
  let seen = 0;
  for (let i = 0; i < mask.length; i++) seen |= mask[i];
  if (seen <= 1) return;
  const index = mask.findIndex((entry) => entry > 1);
  throw new PrunebenchError(`The mask of ${name} holds ${mask[index]} at flat index ${index}.`, {
    remedy: 'A mask holds 1 where a weight is kept and 0 where it is removed.',
  });
}

function checkFit(sizes: ReadonlyMap<string, number>, masks: Masks, owner: string): void {
  for (const [name, mask] of Object.entries(masks)) {
    const size = sizes.get(name);
    if (size === undefined) {
      const nearest = nearestParameter(name, [...sizes.keys()]);
      throw new PrunebenchError(`There is a mask of ${name}, but no such parameter in ${owner} that could be pruned.`, {
        remedy:
          nearest === undefined ? 'Leave it out.' : `The nearest name is ${nearest}: rename the mask, or leave it out.`,
      });
    }
    if (!(mask instanceof Uint8Array))
      throw new PrunebenchError(`The mask of ${name} is no Uint8Array.`, {
        remedy: 'Give it as a Uint8Array: 1 where a weight is kept and 0 where it is removed.',
      });
    if (RUNNING_STATISTICS.test(name) && mask.includes(0)) throw unmaskable(name);
    if (mask.length !== size)
      throw new PrunebenchError(`The mask of ${name} has ${mask.length} entries, but ${name} has ${size} values.`, {
        remedy: `Use masks that were made for ${owner}.`,
      });
  }
}

/** Among those of the layer that the name begins with, where there is one. */
function nearestParameter(name: string, known: readonly string[]): string | undefined {
  const layerOf = (parameter: string) => parameter.split('/')[0].toLowerCase();
  const siblings = known.filter((parameter) => layerOf(parameter) === layerOf(name));
  return nearestName(name, siblings.length > 0 ? siblings : known);
}
