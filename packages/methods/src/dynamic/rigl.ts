/**
 * RigL (Evci, Gale, Menick, Castro & Elsen 2020): a sparse network that is never dense. Every ΔT updates each layer closes the share
 * f(t) = α/2 (1 + cos(π t / T_end)) of its weights, the smallest, and opens as many where the gradient of the batch is largest.
 */
import { defineMethod, prunableSpecs, shareAt } from '@prunebench/core';
import { defineExtension, type TrainingAccess } from '@prunebench/network';
import { z } from 'zod';
import { allocationOption, isSparse, largest, places, randomMask, withPlaces } from './exchange.ts';

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
        const masks: Record<string, Uint8Array> = {};
        for (const { name } of prunableSpecs(network)) {
          const mask = training.masks[name];
          if (mask && isSparse(mask))
            masks[name] = await exchanged(
              training,
              name,
              gradients[name],
              exchangedShare(fraction, training.update / last),
            );
        }
        // A weight that is closed and opened again keeps its value and its velocity, as in the authors' program.
        await training.setMasks(masks);
        training.replaceUpdate();
      },
    };
  },
});

/** The layer's next mask: without its smallest weights, with as many whose gradients are largest. */
async function exchanged(training: TrainingAccess, name: string, gradient: Float32Array, share: number) {
  const mask = training.masks[name];
  const live = places(mask);
  const count = Math.floor(share * live.length);
  const smallness = (await training.read(name)).map((w) => -Math.abs(w));
  const kept = withPlaces(mask, largest(smallness, live, count), 0);
  const closed = places(kept.map((bit) => 1 - bit));
  return withPlaces(kept, largest(gradient.map(Math.abs), closed, count), 1);
}

/** A random sparse network from the start, and one training; a second training keeps the masks. */
export const rigl = defineMethod({
  id: 'rigl',
  title: 'RigL',
  citation: 'evci2020rigl',
  taxonomy: 'dynamic',
  options: options.extend({ allocation: allocationOption }),
  steps: ({ pretrain, retrain, at, options: { allocation, ...chosen } }) => [
    randomMask(shareAt(at), allocation),
    ...(pretrain
      ? [{ kind: 'sparsify', options: { ...pretrain, extensions: [{ id: 'rigl', options: chosen }] } }]
      : []),
    ...(retrain ? [{ kind: 'train', options: retrain }] : []),
  ],
});
