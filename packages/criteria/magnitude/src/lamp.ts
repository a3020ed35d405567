/**
 * LAMP: layer-adaptive magnitude. With the weights of one layer in ascending order of magnitude,
 *
 *     score(w_i) = w_i² / Σ_{j ≥ i} w_j²
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
  citation: 'lee2021lamp',
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
  const order = ascendingOrder(weights.map(Math.abs));
  const scores = new Float64Array(weights.length);
  let energy = 0;
  for (let place = order.length - 1; place >= 0; place--) {
    const square = weights[order[place]] ** 2;
    energy += square;
    if (square > 0) scores[order[place]] = square / energy;
  }
  return scores;
}

/**
 * The indices of non-negative numbers in ascending order, equal ones by index. Single-precision bits order as the numbers
 * do, so they and the index make one 64-bit key (little-endian: low half first), which sorts much faster than a comparison.
 */
function ascendingOrder(values: Float32Array): Uint32Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const keys = new BigUint64Array(values.length);
  const halves = new Uint32Array(keys.buffer);
  for (let i = 0; i < values.length; i++) {
    halves[2 * i] = i;
    halves[2 * i + 1] = bits[i];
  }
  keys.sort();
  return bits.map((_, place) => halves[2 * place]);
}
