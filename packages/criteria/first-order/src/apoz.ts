/**
 * Average percentage of zeros: a unit whose ReLU seldom fires is of little use,
 *
 *     s_c = 1 - (1/N M) Σ_b Σ_{y,x} 1[h_c(b) = 0]
 *
 * Hu, Peng, Tai & Tang, "Network trimming: a data-driven neuron pruning approach towards efficient deep architectures", 2016,
 * as the share that is not 0, so that larger means keep. Behind a tanh or sigmoid nothing is 0: all units are alike.
 */
import { defineCriterion } from '@prunebench/core';
import { calibrationOptions, scoresOf, sumOfMeans, sumUnitActivations } from '@prunebench/signals';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

export const apoz = defineCriterion({
  id: 'apoz',
  title: 'Average percentage of zeros (APoZ)',
  citation: 'hu2016trimming',
  taxonomy: 'first-order',
  options: z.strictObject(calibrationOptions),
  granularity: ['unit'],
  needs: ['weights', 'activations'],
  when: 'trained',
  async score(subject, options) {
    const found = await sumUnitActivations(subject, options, ({ activation, kernel }) =>
      sumOfMeans(tf.cast(tf.notEqual(activation, 0), 'float32'), kernel.units),
    );
    return scoresOf(found, (sum) => sum / found.examples);
  },
});
