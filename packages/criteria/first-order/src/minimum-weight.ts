/**
 * Minimum weight: filters with a small kernel,
 *
 *     s_c = (1/|w_c|) Σ w²         over the |w_c| weights that feed unit c
 *
 * The plain ranking that Molchanov et al., ICLR 2017, section 2.2, compare with. The mean makes filters of different sizes comparable.
 */
import { applyMasks, defineCriterion } from '@prunebench/core';
import { scoreUnits, sumIncoming } from '@prunebench/signals';
import { z } from 'zod';

export const minimumWeight = defineCriterion({
  id: 'minimum-weight',
  title: 'Mean squared weight of a unit',
  citation: 'molchanov2017taylor',
  taxonomy: 'magnitude',
  options: z.strictObject({}),
  granularity: ['unit'],
  needs: ['weights'],
  when: 'trained',
  score({ network, parameters, masks }) {
    const alive = applyMasks(parameters, masks);
    return scoreUnits(network, ({ name, units }) => {
      const { values } = alive[name];
      return sumIncoming(values, units, (weight) => weight * weight).map((sum) => (sum * units) / values.length);
    });
  },
});
