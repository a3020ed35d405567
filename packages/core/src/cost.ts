import { checkMasks } from './check-masks.ts';
import { countKept } from './masks.ts';
import type { Conv2d, Dense, Network } from './network/layer.ts';
import { liveChannels } from './network/live-channels.ts';
import { liveWeights, weightsOnPaths } from './network/live-weights.ts';
import { parameterSpecs, prunableSpecs, sizeOf } from './network/parameter-specs.ts';
import { inferShapes } from './network/shape.ts';
import type { Masks, ParameterRecord } from './parameters.ts';

/** What one kernel costs. */
export interface LayerCost {
  /** kernel name */
  readonly name: string;
  readonly layer: string;
  readonly weights: number;
  /** Not masked; what sparsity is counted from. */
  readonly remaining: number;
  /** Multiply-adds for one example: of all weights, and of those that the shrunk network has. */
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
  /** All trained parameters, and those of the shrunk network: kernels, biases, gammas and betas; running statistics are not counted. */
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
 * Counts parameters and multiply-adds of the network that `withoutRemovedUnits` makes of a masked one. A masked weight costs
 * nothing, nor does one that reads a removed unit or feeds a unit that nobody reads; any other costs one multiply-add at every output
 * position (positions that read zero padding included, as usual in the field).
 *
 * @param parameters where they are given, a unit without weights whose bias, gamma and beta are 0 counts as removed, masked or not
 * @throws PrunebenchError for masks that do not fit the network
 */
export function costOf(network: Network, masks: Masks = {}, parameters?: ParameterRecord): Cost {
  checkMasks(network, masks);
  const remains = parameters ? { masks, parameters } : { masks };
  const channels = liveChannels(network, remains);
  const live = liveWeights(network, remains, channels);
  const layers = kernelCosts(network, masks, live);
  const sum = (value: (layer: LayerCost) => number) => layers.reduce((total, layer) => total + value(layer), 0);
  const all = parameterSpecs(network).filter(({ trainable }) => trainable);
  const counted = {
    total: all.reduce((total, { shape }) => total + sizeOf(shape), 0),
    remaining: all.reduce((total, { name }) => total + countKept(live[name]), 0),
  };
  const multiplyAdds = {
    dense: sum((layer) => layer.multiplyAdds.dense),
    remaining: sum((layer) => layer.multiplyAdds.remaining),
  };
  return {
    parameters: counted,
    prunable: { total: sum((layer) => layer.weights), remaining: sum((layer) => layer.remaining) },
    effective: effectiveWeights(layers, weightsOnPaths(network, remains, channels)),
    multiplyAdds,
    compressionRatio: counted.total / counted.remaining,
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

function kernelCosts(network: Network, masks: Masks, live: Masks): LayerCost[] {
  const shapes = inferShapes(network);
  const byName = new Map(network.layers.map((layer) => [layer.name, layer]));
  return prunableSpecs(network).map(({ name, layer, shape }) => {
    const positions = outputPositions(byName.get(layer) as Conv2d | Dense, shapes.get(layer)!);
    const weights = sizeOf(shape);
    return {
      name,
      layer,
      weights,
      remaining: masks[name] ? countKept(masks[name]) : weights,
      multiplyAdds: { dense: positions * weights, remaining: positions * countKept(live[name]) },
    };
  });
}

/** How often every weight of the layer is used: once per output pixel, whatever the groups (they shorten the kernel). */
function outputPositions(layer: Conv2d | Dense, output: readonly number[]): number {
  return layer.kind === 'conv2d' ? output[0] * output[1] : 1;
}
