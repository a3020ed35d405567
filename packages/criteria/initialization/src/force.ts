/**
 * FORCE: rank connections by their sensitivity after the others are gone, and let pruned ones return,
 *
 *     score_j = |w_j g_j|,       g = ∂L/∂w at the pruned weights m w
 *
 * with w_j the initial weight of every connection, kept or not. De Jorge et al., "Progressive skeletonization: trimming
 * more fat from a network at initialization", ICLR 2021.
 *
 * The paper's program scores in training mode: batch norm has the batch's statistics. It takes 60 rounds of an exponential
 * schedule and draws a new batch in each (`draw: 'new-every-round'`); in a single round it is SNIP.
 */
import { defineCriterion } from '@prunebench/core';
import { z } from 'zod';
import { gradientOptions, weightTimesGradient } from './connection-sensitivity.ts';

export const force = defineCriterion({
  id: 'force',
  title: 'Foresight connection sensitivity (FORCE)',
  citation: 'dejorge2021force',
  taxonomy: 'initialization',
  options: z.strictObject(gradientOptions('batch')),
  granularity: ['weight'],
  needs: ['weights', 'gradients'],
  when: 'initialization',
  regrows: true,
  deviations: [
    "The program draws new batches in every round: `draw: 'new-every-round'`. That is also how its iterative SNIP scores.",
    'The program rounds the number of kept weights down, and keeps all that tie with the last one. Here the number is rounded and met exactly, and of equal scores the earlier layer and the lower index go first. Where many scores are exactly 0 the two masks share as little as 15 to 59 %, in FORCE and iterative SNIP alike.',
  ],
  score: (subject, options) => weightTimesGradient(subject, subject.parameters, options),
});
