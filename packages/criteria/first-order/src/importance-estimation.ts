/**
 * Importance estimation: the squared change of the loss when a unit is removed, to first order in a gate α = 1 behind it,
 *
 *     s_c = mean over batches of ( (1/B) Σ_b ∂ℓ_b/∂α_c )²
 *
 * Molchanov, Mallya, Tyree, Frosio & Kautz, "Importance estimation for neural network pruning", CVPR 2019, with gates.
 * Scores of different layers are comparable, so nothing is normalised. `per: example` is the authors' full gradient, the mean over
 * examples of the squares: never below the other, and not lost in noise where the mean gradient is nearly 0.
 */
import { defineCriterion } from '@prunebench/core';
import { calibrationOptions, gateGradients, scoresOf, sumUnitSignals } from '@prunebench/signals';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

export const importanceEstimation = defineCriterion({
  id: 'importance-estimation',
  title: 'Importance estimation with gates (Taylor-FO)',
  citation: 'molchanov2019importance',
  taxonomy: 'first-order',
  options: z.strictObject({
    ...calibrationOptions,
    per: z
      .enum(['batch', 'example'])
      .default('batch')
      .describe('what is squared: the mean gradient of a batch, which depends on its size, or that of each example'),
  }),
  granularity: ['unit'],
  needs: ['weights', 'gradients', 'activations'],
  when: 'trained',
  async score(subject, { per, ...options }) {
    const found = await sumUnitSignals(subject, options, (signals) => {
      const gates = gateGradients(signals);
      return per === 'batch' ? tf.square(tf.mean(gates, 0)) : tf.sum(tf.square(gates), 0);
    });
    return scoresOf(found, (sum) => sum / (per === 'batch' ? found.batches : found.examples));
  },
});
