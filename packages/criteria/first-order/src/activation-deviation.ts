/**
 * Standard deviation of activations: a unit that gives nearly the same for every input tells its readers nothing,
 *
 *     s_c = √( mean h² - (mean h)² ),     means over examples and positions
 *
 * One of the rankings that Molchanov et al., ICLR 2017, section 2.2, compare with.
 */
import { defineCriterion } from '@prunebench/core';
import { calibrationOptions, sumOfMeans, sumUnitActivations } from '@prunebench/signals';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

export const activationDeviation = defineCriterion({
  id: 'activation-deviation',
  title: 'Standard deviation of a unit’s activation',
  citation: 'molchanov2017taylor',
  taxonomy: 'first-order',
  options: z.strictObject(calibrationOptions),
  granularity: ['unit'],
  needs: ['weights', 'activations'],
  when: 'trained',
  async score(subject, options) {
    const { sums, examples } = await sumUnitActivations(subject, options, ({ activation, kernel }) =>
      tf.concat([sumOfMeans(activation, kernel.units), sumOfMeans(tf.square(activation), kernel.units)]),
    );
    return Object.fromEntries(
      Object.entries(sums).map(([name, both]) => {
        const units = both.length / 2;
        const deviation = (unit: number) =>
          Math.sqrt(Math.max(0, both[units + unit] / examples - (both[unit] / examples) ** 2));
        return [name, Float64Array.from({ length: units }, (_, unit) => deviation(unit))];
      }),
    );
  },
});
