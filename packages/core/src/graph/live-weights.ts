import type { Masks } from '../parameters.ts';
import type { Network } from './layer.ts';
import { eachRun, type LiveChannels, liveChannels, type Remains } from './live-channels.ts';
import { type ParameterSpec, parameterSpecs, prunableSpecs, sizeOf } from './parameter-specs.ts';
import { unfoldable } from './removed-units.ts';
import { mixesChannels } from './units.ts';

/**
 * Masks of the kernels that leave the weights that do not read a removed unit: a channel that is 0 whatever the input, or the constant
 * of a sigmoid that nothing feeds where that can go into the bias of what reads it.
 */
export function weightsWithInput(network: Network, remains: Remains, channels = liveChannels(network, remains)): Masks {
  const needConstants = new Set(unfoldable(network, network.layers).map(({ name }) => name));
  return kernelMasks(network, remains, (input, reader) => {
    const { nonzero, fed } = channels.get(input)!;
    return needConstants.has(reader) ? nonzero : fed;
  });
}

/** Masks of the kernels that leave the weights on a path from the network's input to its output. */
export function weightsOnPaths(network: Network, remains: Remains, channels = liveChannels(network, remains)): Masks {
  return kernelMasks(
    network,
    remains,
    (input) => channels.get(input)!.varies,
    (layer) => channels.get(layer)!.read,
  );
}

/**
 * Masks of all trained parameters that also clear what masks leave but no output depends on: weights that read a removed unit, and
 * weights, biases, gammas and betas of units that are always 0 or that nobody reads. Applying them changes no output.
 */
export function liveWeights(network: Network, remains: Remains, channels = liveChannels(network, remains)): Masks {
  const kernels = kernelMasks(
    network,
    remains,
    (input) => channels.get(input)!.nonzero,
    (layer) => channels.get(layer)!.read,
  );
  return Object.fromEntries(
    parameterSpecs(network)
      .filter(({ trainable }) => trainable)
      .map((spec) => [spec.name, kernels[spec.name] ?? liveEntries(spec, remains, channels.get(spec.layer)!)]),
  );
}

/** What masks leave of each kernel, where the channel that is read is marked by `inputs` and the unit that is fed by `units`. */
function kernelMasks(
  network: Network,
  { masks }: Remains,
  inputs: (input: string, reader: string) => Uint8Array,
  units?: (layer: string) => Uint8Array,
): Masks {
  const layers = Object.fromEntries(network.layers.filter(mixesChannels).map((layer) => [layer.name, layer]));
  return Object.fromEntries(
    prunableSpecs(network).map(({ name, layer: owner, shape }) => {
      const layer = layers[owner];
      const carried = inputs(layer.inputs[0], owner);
      const fed = units?.(owner);
      const live = masks[name]?.slice() ?? new Uint8Array(sizeOf(shape)).fill(1);
      eachRun(layer, shape, (input, start, from, to) => {
        if (carried[input] === 0) live.fill(0, start + from, start + to);
        else if (fed) for (let unit = from; unit < to; unit++) live[start + unit] &= fed[unit];
      });
      return [name, live];
    }),
  );
}

function liveEntries({ name, shape }: ParameterSpec, { masks }: Remains, { nonzero, read }: LiveChannels): Uint8Array {
  const mask = masks[name];
  return Uint8Array.from({ length: sizeOf(shape) }, (_, i) => (mask?.[i] === 0 ? 0 : nonzero[i] & read[i]));
}
