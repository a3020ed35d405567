/**
 * Consuming energy: how much a unit's signal contributes to the signals it is turned into, over all patterns p,
 *
 *     E_i = Σ_p Σ_j w_ij z_pi z'_pj                score_i = |E_i|
 *
 * with z the unit's activation and z' the activation of its readers. With activations of both signs E is signed, and
 * units are ranked by its size. For a filter the sum goes over the positions too; readers without a nonlinearity (the
 * output layer) count with their plain output.
 *
 * Hagiwara, Neurocomputing 6(2), 1994, as restated in Engelbrecht's textbook.
 */
import { defineCriterion } from '@prunebench/core';
import { calibrationOptions, contributions, sumConsumption } from '@prunebench/signals';
import { z } from 'zod';

export const hagiwaraEnergy = defineCriterion({
  id: 'hagiwara-energy',
  title: 'Consuming energy',
  citation: 'hagiwara1994removal',
  taxonomy: 'magnitude',
  options: z.strictObject(calibrationOptions),
  granularity: ['unit'],
  needs: ['weights', 'activations'],
  when: 'trained',
  async score(subject, options) {
    const energies = await sumConsumption(subject, options, ({ link, kernel, z, next }) =>
      contributions(link, kernel, z, () => next),
    );
    return Object.fromEntries(Object.entries(energies).map(([name, energy]) => [name, energy.map(Math.abs)]));
  },
});
