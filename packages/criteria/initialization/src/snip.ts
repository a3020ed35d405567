/**
 * SNIP: how much would a gate c_j on connection j change the loss?
 *
 *     score_j = |∂L(c w)/∂c_j| at c = 1, over the sum of all = |w_j g_j| / Σ_k |w_k g_k|,       g = ∂L/∂w
 *
 * on one mini-batch of the untrained network, in evaluation mode as in the paper's program: batch norm has its running
 * statistics. Lee, Ajanthan & Torr, "SNIP: single-shot network pruning based on
 * connection sensitivity", ICLR 2019. Iterative SNIP (de Jorge et al. 2021) is this criterion with an
 * exponential schedule.
 */
import { defineCriterion } from '@prunebench/core';
import { z } from 'zod';
import { aliveWeightTimesGradient, gradientOptions } from './connection-sensitivity.ts';

export const snip = defineCriterion({
  id: 'snip',
  title: 'Connection sensitivity (SNIP)',
  citation: 'lee2019snip',
  taxonomy: 'initialization',
  options: z.strictObject(gradientOptions('running')),
  granularity: ['weight'],
  needs: ['weights', 'gradients'],
  when: 'initialization',
  deviations: [
    "The program trains freshly drawn weights under the mask: its published numbers belong beside `control: 'reinitialize'`.",
    'The program prunes biases too; here kernels alone.',
  ],
  // 2: batch norm's running statistics became the default; what was scored before is `statistics: 'batch'`.
  revision: 2,
  async score(subject, options) {
    const sensitivities = await aliveWeightTimesGradient(subject, options);
    const total = Object.values(sensitivities).reduce((sum, layer) => sum + layer.reduce((a, b) => a + b, 0), 0);
    if (total === 0) return sensitivities;
    return Object.fromEntries(
      Object.entries(sensitivities).map(([name, layer]) => [name, layer.map((s) => s / total)]),
    );
  },
});
