/**
 * Filter norm: filters (and neurons) with a small kernel give weak feature maps,
 *
 *     s_j = ( Σ_{y,x,i} |K[y, x, i, j]|^p )^(1/p)        p = 1 (the paper) or 2
 *
 * Li, Kadav, Durdanovic, Samet & Graf, "Pruning filters for efficient ConvNets", ICLR 2017, section 3.1.
 *
 * Norms are comparable inside one layer only: prune with scope `layerwise`.
 * - `foldBatchNorm`: a batch norm behind the kernel makes its scale arbitrary, so take |K| gamma / sqrt(variance + eps),
 *   the scale at which the filter's output leaves the batch norm.
 * - `greedy`: leave out input channels whose filter is already gone (the paper's greedy strategy); without it the norms
 *   are of the whole kernel (its independent strategy).
 */
import { applyMasks, consumers, defineCriterion, type Network, type ParameterRecord } from '@prunebench/core';
import { readsRemovedUnit, scoreUnits, sumIncoming } from '@prunebench/signals';
import { z } from 'zod';

export const filterNorm = defineCriterion({
  id: 'filter-norm',
  title: 'Filter norm (L1, L2)',
  citation: 'li2017filters',
  taxonomy: 'magnitude',
  options: z.strictObject({
    order: z
      .union([z.literal(1), z.literal(2)])
      .default(1)
      .describe('1: sum of absolute values; 2: root of the sum of squares'),
    foldBatchNorm: z
      .boolean()
      .default(false)
      .describe('scale by gamma / sqrt(variance + epsilon) of the batch norm behind it'),
    greedy: z.boolean().default(false).describe('do not count input channels that are already removed'),
  }),
  granularity: ['unit'],
  needs: ['weights'],
  when: 'trained',
  score({ network, parameters, masks }, { order, foldBatchNorm, greedy }) {
    const alive = applyMasks(parameters, masks);
    return scoreUnits(network, ({ name, layer, units }) => {
      const removed = greedy ? readsRemovedUnit(network, masks, layer) : () => false;
      const scale = foldBatchNorm ? batchNormScale(network, parameters, layer) : () => 1;
      return sumIncoming(alive[name].values, units, (weight, flat) =>
        removed(flat) ? 0 : Math.abs(weight) ** order,
      ).map((sum, unit) => sum ** (1 / order) * scale(unit));
    });
  },
});

/** |gamma| / sqrt(variance + epsilon) of the batch norm that reads the layer; 1 where there is none. */
function batchNormScale(network: Network, parameters: ParameterRecord, layer: string): (unit: number) => number {
  const batchNorm = consumers(network, layer).find(({ kind }) => kind === 'batchNorm');
  if (batchNorm?.kind !== 'batchNorm') return () => 1;
  const gamma = parameters[`${batchNorm.name}/gamma`].values;
  const variance = parameters[`${batchNorm.name}/movingVariance`].values;
  return (unit) => Math.abs(gamma[unit]) / Math.sqrt(variance[unit] + batchNorm.epsilon);
}
