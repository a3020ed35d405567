/**
 * Gradient magnitude: the first-order change of the loss when a trained weight is set to 0,
 *
 *     score_j = |w_j g_j|,       g = ∂L/∂w on a batch
 *
 * Blalock, Gonzalez Ortiz, Frankle & Guttag, "What is the state of neural network pruning?", MLSys 2020. SNIP's
 * formula, on a network that is trained. Their program, ShrinkBench, takes the gradient in training mode: batch norm has the
 * batch's statistics.
 */
import { defineCriterion } from '@prunebench/core';
import { z } from 'zod';
import { aliveWeightTimesGradient, gradientOptions } from './connection-sensitivity.ts';

export const gradientMagnitude = defineCriterion({
  id: 'gradient-magnitude',
  title: 'Weight times gradient',
  citation: 'blalock2020state',
  taxonomy: 'first-order',
  options: z.strictObject(gradientOptions('batch')),
  granularity: ['weight'],
  needs: ['weights', 'gradients'],
  when: 'trained',
  score: aliveWeightTimesGradient,
});
