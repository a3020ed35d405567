import { type Masks, PrunebenchError } from '@prunebench/core';
import type { LayerGradients } from '../sample-gradients.ts';

/**
 * The mean of diag((1/P) GᵀG) over all kernel weights that are not pruned: the scale to which relative damping refers.
 *
 * @throws PrunebenchError where it is 0, since no damping can be taken from it
 */
export function meanCurvature(layers: readonly LayerGradients[], masks: Masks): number {
  let sum = 0;
  let count = 0;
  for (const { layer, rows, samples, kernelColumn } of layers) {
    const column = new Float64Array(rows);
    for (let index = 0; index < layer.fanIn * layer.units; index++) {
      if (masks[layer.kernel]?.[index] === 0) continue;
      kernelColumn(index, column, 0);
      for (let r = 0; r < rows; r++) sum += column[r] ** 2 / samples;
      count++;
    }
  }
  if (sum > 0) return sum / count;
  throw new PrunebenchError(
    'All sample gradients are 0 on the calibration examples, so there is no curvature to prune by.',
    {
      remedy: 'Check that the network is trained and not collapsed; with labels fitted exactly, use sampled outputs.',
    },
  );
}
