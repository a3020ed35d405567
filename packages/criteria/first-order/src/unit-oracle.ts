/**
 * The oracle: how much the loss really changes when a unit alone gives 0,
 *
 *     s_c = | L(h_c = 0) - L |         or, `signed`, the change itself
 *
 * Molchanov, Tyree, Karras, Aila & Kautz, ICLR 2017, section 2.1 ("oracle-abs" and "oracle-loss"). It is what the others estimate. What
 * lies before a unit is computed once, and several units go through the rest as one batch.
 */
import { defineCriterion } from '@prunebench/core';
import { calibrationOptions, removalLosses } from '@prunebench/signals';
import { z } from 'zod';

export const unitOracle = defineCriterion({
  id: 'unit-oracle',
  title: 'Oracle: the loss without the unit',
  citation: 'molchanov2017taylor',
  taxonomy: 'first-order',
  options: z.strictObject({
    ...calibrationOptions,
    signed: z.boolean().default(false).describe('rank by the change itself, so that what does harm goes first'),
  }),
  granularity: ['unit'],
  needs: ['weights', 'gradients', 'activations'],
  when: 'trained',
  async score(subject, { signed, ...options }) {
    const { loss, losses } = await removalLosses(subject, options);
    return Object.fromEntries(
      Object.entries(losses).map(([name, own]) => [
        name,
        Float64Array.from(own, (without) => (signed ? without - loss : Math.abs(without - loss))),
      ]),
    );
  },
});
