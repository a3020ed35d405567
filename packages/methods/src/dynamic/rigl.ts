/**
 * RigL (Evci, Gale, Menick, Castro & Elsen 2020): a sparse network that is never dense. Every ΔT updates each layer closes the share
 * f(t) = α/2 (1 + cos(π t / T_end)) of its weights, the smallest, and opens as many where the gradient of the batch is largest.
 */
import { defineMethod } from '@prunebench/core';
import { defineExtension } from '@prunebench/network';
import { z } from 'zod';
import {
  allocationOption,
  exchange,
  largest,
  magnitudes,
  places,
  smallness,
  sparseFromTheStart,
  withPlaces,
} from './exchange.ts';

const options = z.strictObject({
  every: z.int().positive().default(100).describe('ΔT: updates between exchanges'),
  fraction: z
    .number()
    .min(0)
    .max(1)
    .default(0.3)
    .describe('α: share of a layer’s weights that the first exchange moves'),
  end: z.number().gt(0).max(1).default(0.75).describe('T_end, as a share of the training'),
});

/** Share of the weights that an exchange moves, after `share` of the time until T_end. */
export function exchangedShare(fraction: number, share: number): number {
  return share >= 1 ? 0 : (fraction / 2) * (1 + Math.cos(Math.PI * share));
}

export const riglExtension = defineExtension({
  id: 'rigl',
  title: 'RigL',
  citation: 'evci2020rigl',
  options,
  create({ every, fraction, end }, { network, totalUpdates }) {
    const last = end * totalUpdates;
    return {
      events: { every, to: Math.ceil(last) },
      async event(training) {
        const gradients = await training.gradients();
        const share = exchangedShare(fraction, training.update / last);
        // A weight that is closed and opened again keeps its value and its velocity, as in the authors' program.
        await exchange(training, network, (name, mask, values) => {
          const live = places(mask, 1);
          const count = Math.floor(share * live.length);
          const kept = withPlaces(mask, largest(smallness(values, live), live, count), 0);
          const free = places(kept, 0);
          return withPlaces(kept, largest(magnitudes(gradients[name], free), free, count), 1);
        });
        training.replaceUpdate();
      },
    };
  },
});

export const rigl = defineMethod({
  id: 'rigl',
  title: 'RigL',
  citation: 'evci2020rigl',
  taxonomy: 'dynamic',
  options: options.extend({ allocation: allocationOption }),
  steps: (plan) => sparseFromTheStart('rigl', plan),
});
