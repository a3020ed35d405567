import type { Masks } from '../parameters.ts';
import type { Conv2d, Dense, Layer, Network } from './layer.ts';
import { consumers, outputLayer } from './network.ts';
import { type ParameterSpec, parameterSpecs, prunableSpecs, sizeOf } from './parameter-specs.ts';
import { unfoldable } from './removed-units.ts';

/**
 * The kernels whose output units (filters, neurons) may be removed, in layer order.
 *
 * A removed unit must be the same as one that never was: its output is 0, or goes into other biases, and nothing else depends on
 * its place. Left out are therefore the output layer, and layers whose output reaches an addition or a padded shortcut (the other
 * branch has the same channels). A sigmoid turns 0 into 1/2: that goes into the bias of what reads it, unless a zero-padded border makes it no constant.
 */
export function prunableUnits(network: Network): string[] {
  return prunableSpecs(network)
    .filter((spec) => removable(network, followers(network, spec.layer)))
    .map(({ name }) => name);
}

/**
 * The masks that remove output units of one kernel: its columns, its bias, and gamma and beta of the batch norms that its
 * channels pass before the next layer with a kernel.
 *
 * @param keptUnits [units] 1 = kept
 */
export function unitMasks(network: Network, kernelName: string, keptUnits: Uint8Array): Masks {
  const specs = new Map(parameterSpecs(network).map((spec) => [spec.name, spec]));
  const kernel = specs.get(kernelName);
  if (kernel?.role !== 'kernel') throw new Error(`unitMasks: network ${network.name} has no kernel ${kernelName}`);
  const units = unitsOf(kernel);
  if (keptUnits.length !== units)
    throw new Error(`unitMasks: ${kernelName} has ${units} units, not ${keptUnits.length}`);
  const affected: ParameterSpec[] = [kernel];
  const bias = specs.get(`${kernel.layer}/bias`);
  if (bias) affected.push(bias);
  for (const layer of followers(network, kernel.layer))
    if (layer.kind === 'batchNorm') affected.push(specs.get(`${layer.name}/gamma`)!, specs.get(`${layer.name}/beta`)!);
  // Channels come last in every parameter, and after a flatten channel c owns the features f with f mod C = c.
  return Object.fromEntries(
    affected.map(({ name, shape }) => [
      name,
      Uint8Array.from({ length: sizeOf(shape) }, (_, i) => keptUnits[i % units]),
    ]),
  );
}

/** 1 for every output unit of a kernel of this shape that has a weight left. */
export function liveUnits(shape: readonly number[], mask: Uint8Array | undefined): Uint8Array {
  const units = shape[shape.length - 1];
  const live = new Uint8Array(units);
  if (!mask) return live.fill(1);
  for (let i = 0; i < mask.length; i++) if (mask[i] !== 0) live[i % units] = 1;
  return live;
}

/** Number of output units of a kernel. */
function unitsOf({ shape }: { readonly shape: readonly number[] }): number {
  return shape[shape.length - 1];
}

/** The layers that the channels of `name` pass, each once, up to and including those that mix channels. */
export function followers(network: Network, name: string): readonly Layer[] {
  const found = new Set<Layer>();
  const visit = (from: string) => {
    for (const layer of consumers(network, from)) {
      if (found.has(layer)) continue;
      found.add(layer);
      if (!mixesChannels(layer)) visit(layer.name);
    }
  };
  visit(name);
  return [...found];
}

/** Whether the layer has a kernel: every output unit reads channels of its own choice. */
export function mixesChannels(layer: Layer): layer is Conv2d | Dense {
  return layer.kind === 'conv2d' || layer.kind === 'dense';
}

/** Whether units can go without changing the places of others' channels, or of the outputs; `following`: of the layer, see `followers`. */
export function standsAlone(network: Network, following: readonly Layer[]): boolean {
  const output = outputLayer(network);
  return (
    following.length > 0 &&
    !following.some(
      (layer) => layer.kind === 'add' || layer.kind === 'subsamplePad' || (layer === output && !mixesChannels(layer)),
    )
  );
}

function removable(network: Network, following: readonly Layer[]): boolean {
  return standsAlone(network, following) && unfoldable(network, following).length === 0;
}
