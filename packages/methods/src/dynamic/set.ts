/**
 * SET, sparse evolutionary training (Mocanu et al. 2018): after every epoch each layer closes the share ζ of its positive weights that
 * are smallest, the same of its negative ones, and opens as many places at random. Their program makes a new optimizer every epoch.
 */
import { defineMethod, type RandomStream } from '@prunebench/core';
import { defineExtension } from '@prunebench/network';
import { z } from 'zod';
import { allocationOption, exchange, largest, places, smallness, sparseFromTheStart, withPlaces } from './exchange.ts';

const options = z.strictObject({
  fraction: z.number().min(0).max(1).default(0.3).describe('ζ: share of a layer’s weights that close after an epoch'),
  bySign: z.boolean().default(true).describe('positive and negative weights apart; without it by magnitude alone'),
  resetOptimizer: z.boolean().default(true).describe('whether velocities begin at 0 in every epoch'),
});

export const setExtension = defineExtension({
  id: 'set',
  title: 'Sparse evolutionary training (SET)',
  citation: 'mocanu2018set',
  revision: 2,
  options,
  create({ fraction, bySign, resetOptimizer }, { network, totalUpdates, updatesPerEpoch }) {
    return {
      // What opens after the last epoch would never be trained.
      events: { every: 'epoch', to: Math.ceil(totalUpdates / updatesPerEpoch) },
      async event(training) {
        await exchange(training, network, (name, mask, values) => {
          const closing = smallest(values, mask, fraction, bySign);
          const kept = withPlaces(mask, closing, 0);
          return withPlaces(kept, drawn(places(kept, 0), closing.length, training.random.fork(name)), 1);
        });
        if (resetOptimizer) training.clearSlots();
      },
    };
  },
});

/** The places of the weights that close; a weight of exactly 0 counts as positive. */
export function smallest(values: Float32Array, mask: Uint8Array, fraction: number, bySign: boolean): Int32Array {
  const live = places(mask, 1);
  const parts = bySign ? [live.filter((at) => values[at] >= 0), live.filter((at) => values[at] < 0)] : [live];
  const closing = parts.map((part) => largest(smallness(values, part), part, Math.floor(fraction * part.length)));
  return Int32Array.from(closing.flatMap((part) => [...part])).sort();
}

/** `count` of these places, each as likely as any other; what has just closed is among them. */
function drawn(free: Int32Array, count: number, random: RandomStream): Int32Array {
  return Int32Array.from(random.sample(free.length, count), (at) => free[at]).sort();
}

export const set = defineMethod({
  id: 'set',
  title: 'Sparse evolutionary training (SET)',
  citation: 'mocanu2018set',
  taxonomy: 'dynamic',
  options: options.extend({ allocation: allocationOption }),
  steps: (plan) => sparseFromTheStart('set', plan),
});
