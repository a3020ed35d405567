/**
 * Weights power: the energy of a unit's links. Over the outgoing weights of unit i,
 *
 *     Pw_i = Σ_j w_ij²
 *
 * Hagiwara, Neurocomputing 6(2), 1994, as restated in Engelbrecht's textbook. Whether the paper counts incoming links too
 * could not be settled, hence the option `links`. For a filter the sums go over all entries of the kernels.
 */
import { applyMasks, defineCriterion } from '@prunebench/core';
import { outgoingLinks, scoreUnits, sumIncoming } from '@prunebench/signals';
import { z } from 'zod';

const square = (weight: number) => weight * weight;

export const hagiwaraPower = defineCriterion({
  id: 'hagiwara-power',
  title: 'Weights power',
  citation: 'hagiwara1994removal',
  taxonomy: 'magnitude',
  options: z.strictObject({
    links: z
      .enum(['out', 'in', 'both'])
      .default('out')
      .describe('whose weights are summed: to the next layer, from the one before, or both'),
  }),
  granularity: ['unit'],
  needs: ['weights'],
  when: 'trained',
  score({ network, parameters, masks }, { links }) {
    const alive = applyMasks(parameters, masks);
    return scoreUnits(network, ({ name, layer, units }) => {
      const power = links === 'out' ? new Float64Array(units) : sumIncoming(alive[name].values, units, square);
      if (links === 'in') return power;
      for (const { reader, unitOf } of outgoingLinks(network, layer, units)) {
        alive[`${reader.name}/kernel`].values.forEach((weight, flat) => {
          power[unitOf(flat)] += square(weight);
        });
      }
      return power;
    });
  },
});
