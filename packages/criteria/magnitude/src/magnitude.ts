/**
 * Magnitude pruning: keep the weights of largest absolute value,
 *
 *     score(w) = |w|
 *
 * Han, Pool, Tran & Dally, "Learning both weights and connections for efficient neural networks", NeurIPS 2015.
 * How the budget is split over the layers is not this criterion's business but the scope's and the allocation's.
 */
import { defineCriterion, prunableSpecs } from '@prunebench/core';
import { z } from 'zod';

export const magnitude = defineCriterion({
  id: 'magnitude',
  title: 'Weight magnitude',
  citation: 'han2015learning',
  taxonomy: 'magnitude',
  options: z.strictObject({}),
  granularity: ['weight'],
  needs: ['weights'],
  when: 'any',
  score: ({ network, parameters }) =>
    Object.fromEntries(prunableSpecs(network).map(({ name }) => [name, parameters[name].values.map(Math.abs)])),
});
