/**
 * Global threshold: remove the weights with |w| < tau in every layer; tau is given, or
 *
 *     τ = q * σ
 *
 * with sigma the standard deviation of all prunable weights that are left, pooled over the layers. Unlike the layer-wise
 * rule it is not indifferent to a layer's scale: layers with small weights lose more.
 *
 * The rule of Han, Pool, Tran & Dally, NeurIPS 2015, section 3, with one cut for the whole network.
 */
import { defineCriterion, prunableSpecs } from '@prunebench/core';
import { keepAtLeast, momentsOf } from '@prunebench/signals';
import { z } from 'zod';
import { magnitude } from './magnitude.ts';

export const thresholdGlobal = defineCriterion({
  id: 'threshold-global',
  title: 'Global threshold',
  citation: 'han2015learning',
  taxonomy: 'magnitude',
  options: z
    .strictObject({
      tau: z.number().positive().optional().describe('the cut itself'),
      q: z
        .number()
        .positive()
        .optional()
        .describe('the cut in pooled standard deviations; 1 where tau is not given either'),
    })
    .refine(
      ({ tau, q }) => tau === undefined || q === undefined,
      'tau and q are two ways to set the same cut: give one',
    ),
  granularity: ['weight'],
  needs: ['weights'],
  when: 'trained',
  score: (subject) => magnitude.score(subject, {}),
  threshold(scores, { network, parameters, masks }, { tau, q = 1 }) {
    const kernels = prunableSpecs(network).map(({ name }) => ({ values: parameters[name].values, mask: masks[name] }));
    const cut = tau ?? q * momentsOf(...kernels).deviation;
    return keepAtLeast(scores, masks, () => cut);
  },
});
