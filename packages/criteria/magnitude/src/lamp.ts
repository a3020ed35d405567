/**
 * LAMP: layer-adaptive magnitude. With the weights of one layer in ascending order of magnitude,
 *
 *     score(w_i) = w_i^2 / sum_{j >= i} w_j^2
 *
 * the share of the layer's remaining energy that would go with w_i if everything smaller had gone before. Ranked over
 * all layers at once (scope `global`) it decides the layer-wise sparsities by itself; inside a layer it orders weights
 * as their magnitude does.
 *
 * Lee, Park, Mo, Ahn & Shin, "Layer-adaptive sparsity for the magnitude-based pruning", ICLR 2021.
 */
import { applyMasks, defineCriterion, prunableSpecs } from '@prunebench/core';
import { z } from 'zod';

export const lamp = defineCriterion({
  id: 'lamp',
  title: 'Layer-adaptive magnitude (LAMP)',
  citation: {
    authors: 'Lee, Park, Mo, Ahn, Shin',
    title: 'Layer-adaptive sparsity for the magnitude-based pruning',
    year: 2021,
    venue: 'ICLR 2021',
    url: 'https://arxiv.org/abs/2010.07611',
  },
  taxonomy: 'magnitude',
  options: z.strictObject({}),
  granularity: ['weight'],
  needs: ['weights'],
  when: 'any',
  score({ network, parameters, masks }) {
    const alive = applyMasks(parameters, masks);
    return Object.fromEntries(prunableSpecs(network).map(({ name }) => [name, lampScores(alive[name].values)]));
  },
});

function lampScores(weights: Float32Array): Float64Array {
  const squares = Float64Array.from(weights, (w) => w * w);
  const descending = Uint32Array.from(squares.keys()).sort((a, b) => squares[b] - squares[a] || b - a);
  const scores = new Float64Array(squares.length);
  let energy = 0;
  for (const i of descending) {
    energy += squares[i];
    if (squares[i] > 0) scores[i] = squares[i] / energy;
  }
  return scores;
}
