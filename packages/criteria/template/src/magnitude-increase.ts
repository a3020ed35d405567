/**
 * Magnitude increase: keep the weights that training made larger,
 *
 *     score(w) = |w| − |w_0|
 *
 * with w_0 the weight before training. Zhou, Lan, Liu & Yosinski, "Deconstructing lottery tickets: zeros, signs, and the
 * supermask", NeurIPS 2019, section 2. `relative` divides by |w_0| + 1: our variant, not the paper's.
 */
import { defineCriterion, prunableSpecs } from '@prunebench/core';
import { z } from 'zod';

export const magnitudeIncrease = defineCriterion({
  id: 'magnitude-increase',
  title: 'Increase in magnitude over training',
  citation: 'zhou2019deconstructing',
  taxonomy: 'magnitude',
  options: z.strictObject({ relative: z.boolean().default(false).describe('divide by |w_0| + 1') }),
  granularity: ['weight'],
  needs: ['weights', 'initial-weights'],
  when: 'trained',
  score({ network, parameters, initialParameters }, { relative }) {
    return Object.fromEntries(
      prunableSpecs(network).map(({ name }) => {
        const before = initialParameters[name].values.map(Math.abs);
        const increase = parameters[name].values.map((w, i) => Math.abs(w) - before[i]);
        return [name, relative ? increase.map((value, i) => value / (before[i] + 1)) : increase];
      }),
    );
  },
});
