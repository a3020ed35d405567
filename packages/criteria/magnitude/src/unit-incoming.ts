/**
 * Unit magnitude as the survey has it: the absolute sum of a unit's incoming weights,
 *
 *     U_j = Σ_i |w_ij|
 *
 * O'Neill, "An overview of neural network compression", 2020, which ascribes it to Hagiwara. Hagiwara's papers propose
 * the consuming energy and the weights power instead (`hagiwara-energy`, `hagiwara-power`), which look at what a unit
 * sends, not at what it receives: a unit that nobody listens to scores 0 there and may score high here.
 */
import { applyMasks, defineCriterion } from '@prunebench/core';
import { scoreUnits, sumIncoming } from '@prunebench/signals';
import { z } from 'zod';

export const unitIncoming = defineCriterion({
  id: 'unit-incoming',
  title: 'Unit magnitude: absolute sum of incoming weights',
  citation: 'oneill2020overview',
  taxonomy: 'magnitude',
  options: z.strictObject({}),
  granularity: ['unit'],
  needs: ['weights'],
  when: 'any',
  score({ network, parameters, masks }) {
    const alive = applyMasks(parameters, masks);
    return scoreUnits(network, ({ name, units }) => sumIncoming(alive[name].values, units, Math.abs));
  },
});
