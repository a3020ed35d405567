import { countKept } from './masks.ts';
import type { Conv2d, Dense, Network } from './network/layer.ts';
import { parameterSpecs, sizeOf } from './network/parameter-specs.ts';
import { inferShapes } from './network/shape.ts';
import type { Masks } from './parameters.ts';

/** What one kernel costs. */
export interface LayerCost {
  /** kernel name */
  readonly name: string;
  readonly layer: string;
  readonly weights: number;
  readonly remaining: number;
  /** Multiply-adds for one example, all weights and the remaining ones. */
  readonly multiplyAdds: { readonly dense: number; readonly remaining: number };
}

/** What a masked network costs for one example. */
export interface Cost {
  /** All trained parameters: kernels, biases, gammas and betas; running statistics are not counted. */
  readonly parameters: { readonly total: number; readonly remaining: number };
  /** The kernels alone: what sparsity is a share of. */
  readonly prunable: { readonly total: number; readonly remaining: number };
  /** Of convolutions and dense layers; additions of biases, batch norm, pooling and activations are not counted. */
  readonly multiplyAdds: { readonly dense: number; readonly remaining: number };
  /** All parameters / remaining parameters. */
  readonly compressionRatio: number;
  /** Dense multiply-adds / remaining multiply-adds; Infinity when no weight is left. */
  readonly theoreticalSpeedup: number;
  /** One per kernel, in layer order. */
  readonly layers: readonly LayerCost[];
}

/**
 * Counts parameters and multiply-adds of a network under masks. A masked weight costs nothing, any other costs one
 * multiply-add at every output position (positions that read zero padding included, as usual in the field). Weights that
 * read a removed unit count until they are masked themselves.
 */
export function costOf(network: Network, masks: Masks = {}): Cost {
  const layers = kernelCosts(network, masks);
  const sum = (value: (layer: LayerCost) => number) => layers.reduce((total, layer) => total + value(layer), 0);
  const parameters = { total: 0, remaining: 0 };
  for (const { name, shape, trainable } of parameterSpecs(network)) {
    if (!trainable) continue;
    parameters.total += sizeOf(shape);
    parameters.remaining += remaining(name, shape, masks);
  }
  const multiplyAdds = {
    dense: sum((layer) => layer.multiplyAdds.dense),
    remaining: sum((layer) => layer.multiplyAdds.remaining),
  };
  return {
    parameters,
    prunable: { total: sum((layer) => layer.weights), remaining: sum((layer) => layer.remaining) },
    multiplyAdds,
    compressionRatio: parameters.total / parameters.remaining,
    theoreticalSpeedup: multiplyAdds.dense / multiplyAdds.remaining,
    layers,
  };
}

function kernelCosts(network: Network, masks: Masks): LayerCost[] {
  const shapes = inferShapes(network);
  const byName = new Map(network.layers.map((layer) => [layer.name, layer]));
  return parameterSpecs(network)
    .filter(({ role }) => role === 'kernel')
    .map(({ name, layer, shape }) => {
      const positions = outputPositions(byName.get(layer) as Conv2d | Dense, shapes.get(layer)!);
      const weights = sizeOf(shape);
      const left = remaining(name, shape, masks);
      return {
        name,
        layer,
        weights,
        remaining: left,
        multiplyAdds: { dense: positions * weights, remaining: positions * left },
      };
    });
}

/** How often every weight of the layer is used: once per output pixel, whatever the groups (they shorten the kernel). */
function outputPositions(layer: Conv2d | Dense, output: readonly number[]): number {
  return layer.kind === 'conv2d' ? output[0] * output[1] : 1;
}

function remaining(name: string, shape: readonly number[], masks: Masks): number {
  return Object.hasOwn(masks, name) ? countKept(masks[name]) : sizeOf(shape);
}
