/**
 * Goodness factor: the energy that a unit sends to its readers over all patterns p,
 *
 *     G_i = Σ_p Σ_j (w_ij z_pi)²
 *
 * the older criterion that Hagiwara compares with: Hagiwara, Neurocomputing 6(2), 1994, as restated in Engelbrecht's
 * textbook. For dense layers it is the weights power times sum_p z_pi^2; for a filter the sum goes over the positions too.
 */
import { defineCriterion } from '@prunebench/core';
import { calibrationOptions, contributions, sumConsumption } from '@prunebench/signals';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

export const unitGoodness = defineCriterion({
  id: 'unit-goodness',
  title: 'Goodness factor',
  citation: 'hagiwara1994removal',
  taxonomy: 'magnitude',
  options: z.strictObject(calibrationOptions),
  granularity: ['unit'],
  needs: ['weights', 'activations'],
  when: 'trained',
  score: (subject, options) =>
    sumConsumption(subject, options, ({ link, kernel, z }) =>
      contributions(link, tf.square(kernel), tf.square(z), tf.onesLike),
    ),
});
