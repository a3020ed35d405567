/**
 * Mean activation: feature maps that are small on average,
 *
 *     s_c = (1/N M) Σ_b Σ_{y,x} h_c(b)
 *
 * One of the rankings that Molchanov et al., ICLR 2017, section 2.2, compare with; of absolute values, since a tanh gives both signs.
 */
import { defineCriterion } from '@prunebench/core';
import { calibrationOptions, scoresOf, sumOfMeans, sumUnitActivations } from '@prunebench/signals';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

export const activationMean = defineCriterion({
  id: 'activation-mean',
  title: 'Mean activation of a unit',
  citation: 'molchanov2017taylor',
  taxonomy: 'first-order',
  options: z.strictObject(calibrationOptions),
  granularity: ['unit'],
  needs: ['weights', 'activations'],
  when: 'trained',
  async score(subject, options) {
    const found = await sumUnitActivations(subject, options, ({ activation, kernel }) =>
      sumOfMeans(tf.abs(activation), kernel.units),
    );
    return scoresOf(found, (sum) => sum / found.examples);
  },
});
