import type { Network } from '../graph/layer.ts';
import { liveChannels } from '../graph/live-channels.ts';
import { weightsOnPaths, weightsWithInput } from '../graph/live-weights.ts';
import { parameterSpecs, prunableSpecs, sizeOf } from '../graph/parameter-specs.ts';
import { inferShapes } from '../graph/shape.ts';
import type { Masks } from '../parameters.ts';
import { checkMasks } from '../pruning/check-masks.ts';
import { countKept } from '../pruning/masks.ts';

/** What one kernel costs. */
export interface LayerCost {
  /** kernel name */
  readonly name: string;
  readonly layer: string;
  readonly weights: number;
  /** Not masked; what sparsity is counted from. */
  readonly remaining: number;
  /** Multiply-adds for one example: of all weights, and of those that are left and read no removed unit. */
  readonly multiplyAdds: { readonly dense: number; readonly remaining: number };
}

/** The weights on a path from the network's input to its output: the others do nothing, masked or not. */
export interface EffectiveWeights {
  readonly total: number;
  readonly remaining: number;
  /** Kernels that have weights left, none of them on a path; in layer order. */
  readonly cutLayers: readonly string[];
}

/** What a masked network costs for one example. */
export interface Cost {
  /** All trained parameters, and what is left without removed units: kernels, biases, gammas and betas; no running statistics. */
  readonly parameters: { readonly total: number; readonly remaining: number };
  /** The kernels alone, by their masks: what sparsity is a share of. */
  readonly prunable: { readonly total: number; readonly remaining: number };
  /** Vysogorets & Kempe 2021, "Connectivity matters": effective sparsity is 1 - remaining / total of these. */
  readonly effective: EffectiveWeights;
  /** Of convolutions and dense layers; additions of biases, batch norm, pooling and activations are not counted. */
  readonly multiplyAdds: { readonly dense: number; readonly remaining: number };
  /** All parameters / remaining parameters; Infinity when none is left. */
  readonly compressionRatio: number;
  /** Dense multiply-adds / remaining multiply-adds; Infinity when no weight is left. */
  readonly theoreticalSpeedup: number;
  /** One per kernel, in layer order. */
  readonly layers: readonly LayerCost[];
}

/**
 * Counts parameters and multiply-adds of a masked network without its removed units. A masked weight costs nothing, nor does one that
 * reads a removed unit: one whose kernel column, bias, gamma and beta are masked. Any other costs one multiply-add at every output
 * position (positions that read zero padding included, as usual in the field).
 *
 * After unit pruning this is what `withoutRemovedUnits` exports. It also drops units that are left and that nobody reads, as they
 * come up where single weights are pruned (or behind a grouped convolution): those count here, and `effective` tells how many weights
 * lie on a path.
 *
 * @throws PrunebenchError for masks that do not fit the network
 */
export function costOf(network: Network, masks: Masks = {}): Cost {
  checkMasks(network, masks);
  const channels = liveChannels(network, { masks });
  const reading = weightsWithInput(network, { masks }, channels);
  const layers = kernelCosts(network, masks, reading);
  const sum = (value: (layer: LayerCost) => number) => layers.reduce((total, layer) => total + value(layer), 0);
  const parameters = { total: 0, remaining: 0 };
  for (const { name, shape, trainable } of parameterSpecs(network)) {
    if (!trainable) continue;
    parameters.total += sizeOf(shape);
    const left = reading[name] ?? masks[name];
    parameters.remaining += left ? countKept(left) : sizeOf(shape);
  }
  const multiplyAdds = {
    dense: sum((layer) => layer.multiplyAdds.dense),
    remaining: sum((layer) => layer.multiplyAdds.remaining),
  };
  return {
    parameters,
    prunable: { total: sum((layer) => layer.weights), remaining: sum((layer) => layer.remaining) },
    effective: effectiveWeights(layers, weightsOnPaths(network, { masks }, channels)),
    multiplyAdds,
    compressionRatio: parameters.total / parameters.remaining,
    theoreticalSpeedup: multiplyAdds.dense / multiplyAdds.remaining,
    layers,
  };
}

/**
 * Share of the prunable weights that are not on a path from the network's input to its output: masked ones, and those that no other
 * weight connects. At least the nominal sparsity (`maskedSparsity`); 1 for a network that is cut in two.
 *
 * @throws PrunebenchError for masks that do not fit the network
 */
export function effectiveSparsity(network: Network, masks: Masks): number {
  checkMasks(network, masks);
  const onPaths = Object.values(weightsOnPaths(network, { masks }));
  const total = onPaths.reduce((sum, mask) => sum + mask.length, 0);
  return total === 0 ? 0 : 1 - onPaths.reduce((sum, mask) => sum + countKept(mask), 0) / total;
}

function effectiveWeights(layers: readonly LayerCost[], onPaths: Masks): EffectiveWeights {
  const left = layers.map(({ name }) => countKept(onPaths[name]));
  return {
    total: layers.reduce((total, { weights }) => total + weights, 0),
    remaining: left.reduce((total, count) => total + count, 0),
    cutLayers: layers.filter(({ remaining }, l) => remaining > 0 && left[l] === 0).map(({ name }) => name),
  };
}

function kernelCosts(network: Network, masks: Masks, reading: Masks): LayerCost[] {
  const shapes = inferShapes(network);
  return prunableSpecs(network).map(({ name, layer, shape }) => {
    const positions = outputPositions(shapes.get(layer)!);
    const weights = sizeOf(shape);
    return {
      name,
      layer,
      weights,
      remaining: masks[name] ? countKept(masks[name]) : weights,
      multiplyAdds: { dense: positions * weights, remaining: positions * countKept(reading[name]) },
    };
  });
}

/** How often every weight of a layer is used: once per output pixel, whatever the groups (they shorten the kernel). */
function outputPositions(output: readonly number[]): number {
  return sizeOf(output.slice(0, -1));
}
