/**
 * Layer-wise threshold: in layer l remove the weights with
 *
 *     |w| < q * σ_l                 (centred: |w - μ_l| < q * σ_l)
 *
 * with mu_l and sigma_l the mean and standard deviation of the weights that the layer still has. The sparsity is the
 * rule's result: of Gaussian weights it removes the share erf(q / sqrt 2), 68 % at q = 1.
 *
 * Han, Pool, Tran & Dally, NeurIPS 2015, section 3. The centred band is how the survey (O'Neill 2020) words the rule; it
 * removes weights that are not small wherever mu_l differs from 0, so it is off unless asked for.
 */
import { defineCriterion, PrunebenchError, prunableSpecs } from '@prunebench/core';
import { keepAtLeast, momentsOf } from '@prunebench/signals';
import { z } from 'zod';

const quality = z.number().positive();

export const thresholdSigma = defineCriterion({
  id: 'threshold-sigma',
  title: 'Layer-wise threshold: q standard deviations',
  citation: 'han2015learning',
  taxonomy: 'magnitude',
  options: z.strictObject({
    q: z
      .union([quality, z.record(z.string(), quality)])
      .default(1)
      .describe('quality factor, for all layers or by kernel name'),
    centred: z.boolean().default(false).describe('measure from the layer mean instead of from 0'),
  }),
  granularity: ['weight'],
  needs: ['weights'],
  when: 'trained',
  score: ({ network, parameters, masks }, { centred }) =>
    Object.fromEntries(
      prunableSpecs(network).map(({ name }) => {
        const { values } = parameters[name];
        const centre = centred ? momentsOf({ values, mask: masks[name] }).mean : 0;
        return [name, new Float64Array(values).map((w) => Math.abs(w - centre))];
      }),
    ),
  threshold: (scores, { network, parameters, masks }, { q }) =>
    keepAtLeast(scores, masks, (name) => {
      const factor = typeof q === 'number' ? q : q[name];
      if (factor === undefined)
        throw missingFactor(
          name,
          prunableSpecs(network).map((spec) => spec.name),
        );
      return factor * momentsOf({ values: parameters[name].values, mask: masks[name] }).deviation;
    }),
});

const missingFactor = (kernel: string, kernels: readonly string[]) =>
  new PrunebenchError(`threshold-sigma: option q has no entry for ${kernel}.`, {
    remedy: `Give one number for all layers, or one for each of ${kernels.join(', ')}.`,
  });
