import {
  costOf,
  type Layer,
  type LayerCost,
  type Network,
  parameterSpecs,
  type State,
  type TrainOptions,
} from '@prunebench/core';
import { hasKernel } from '@prunebench/network';
import type { NamedExtension } from '../extensions/made-extensions.ts';
import { readsSingleSteps } from '../extensions/step-hooks.ts';
import { MAX_CHANNELS, MAX_KERNEL_SIZE } from './pattern.ts';

/**
 * Densities up to which a layer is trained by sparse kernels: below the crossovers that were measured at batch 128
 * (docs/decisions/0003-sparse-training.md). The choice must not depend on the machine or the moment, because sparse and dense
 * sums round differently; so it is not timed where it is made.
 */
export const SPARSE_DENSITY = { dense: 0.3, conv2d: 0.25, wideConv2d: 0.1 } as const;

/** More input channels than this make a convolution wide: the inputs of a few pixels then leave the first-level cache. */
const NARROW_CHANNELS = 64;

/**
 * Names of the kernels that this training multiplies by their kept weights alone, in layer order; none where `options.sparse` is
 * `never`, the backend has no sparse kernels, or an extension has a hook that looks into single steps.
 *
 * Convolutions go together, by their kept share of all convolutions' multiply-adds, because their activations stay in tiles; wide
 * ones among them ask for a smaller share.
 */
export function chooseSparse(
  network: Network,
  { masks }: Pick<State, 'masks'>,
  { sparse }: Pick<TrainOptions, 'sparse'>,
  extensions: readonly NamedExtension[],
): readonly string[] {
  if (sparse === 'never' || extensions.some(({ extension }) => readsSingleSteps(extension)) || !hasKernel('SparseConv'))
    return [];
  const layers = new Map(network.layers.map((layer) => [layer.name, layer]));
  const shapes = new Map(parameterSpecs(network).map(({ name, shape }) => [name, shape]));
  const possible = costOf(network, masks).layers.filter(
    ({ name, layer, remaining }) => masks[name] && remaining > 0 && canBeSparse(layers.get(layer)!, shapes.get(name)!),
  );
  const isConvolution = ({ layer }: LayerCost) => layers.get(layer)!.kind === 'conv2d';
  const convolutions = possible.filter(isConvolution);
  const total = (of: 'weights' | 'remaining') =>
    convolutions.reduce((sum, cost) => sum + (cost.multiplyAdds.dense / cost.weights) * cost[of], 0);
  const wide = convolutions.some(({ name }) => shapes.get(name)![2] > NARROW_CHANNELS);
  // Training multiplies every kept weight, also those that no output depends on and that a shrunk network does not have.
  const tiled = total('remaining') <= SPARSE_DENSITY[wide ? 'wideConv2d' : 'conv2d'] * total('weights');
  return possible
    .filter((cost) => (isConvolution(cost) ? tiled : cost.remaining <= SPARSE_DENSITY.dense * cost.weights))
    .map(({ name }) => name);
}

function canBeSparse(layer: Layer, shape: readonly number[]): boolean {
  if (layer.kind === 'dense') return true;
  if (layer.kind !== 'conv2d' || layer.groups !== 1 || Math.max(...layer.dilation) > 1) return false;
  const [height, width, ...channels] = shape;
  return Math.max(height, width) <= MAX_KERNEL_SIZE && Math.max(...channels) <= MAX_CHANNELS;
}
