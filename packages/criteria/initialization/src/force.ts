/**
 * FORCE: rank connections by their sensitivity after the others are gone, and let pruned ones return,
 *
 *     score_j = |w_j g_j|,       g = dL/dw at the pruned weights m w
 *
 * with w_j the initial weight of every connection, kept or not. De Jorge et al., "Progressive skeletonization: trimming
 * more fat from a network at initialization", ICLR 2021.
 *
 * The paper's program scores in training mode: batch norm has the batch's statistics. It takes 60 rounds of an exponential schedule; in a single round it is SNIP.
 */
import { defineCriterion } from '@prunebench/core';
import { z } from 'zod';
import { gradientOptions, weightTimesGradient } from './connection-sensitivity.ts';

export const force = defineCriterion({
  id: 'force',
  title: 'Foresight connection sensitivity (FORCE)',
  citation: {
    authors: 'de Jorge, Sanyal, Behl, Torr, Rogez, Dokania',
    title: 'Progressive skeletonization: trimming more fat from a network at initialization',
    year: 2021,
    venue: 'ICLR 2021',
    url: 'https://arxiv.org/abs/2006.09081',
  },
  taxonomy: 'initialization',
  options: z.strictObject(gradientOptions('batch')),
  granularity: ['weight'],
  needs: ['weights', 'gradients'],
  when: 'initialization',
  regrows: true,
  score: (subject, options) => weightTimesGradient(subject, subject.parameters, options),
});
