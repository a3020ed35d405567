import type { Masks } from '../parameters.ts';
import type { Conv2d, Dense, Network } from './layer.ts';
import { eachRun, type LiveChannels, liveChannels, type Remains } from './live-channels.ts';
import { type ParameterSpec, parameterSpecs, prunableSpecs, sizeOf } from './parameter-specs.ts';

type Channels = ReadonlyMap<string, LiveChannels>;

/**
 * Masks of all trained parameters that also clear what masks leave but no output depends on: weights that read a channel which is
 * always 0 (a removed unit), and weights, biases, gammas and betas of units that nobody reads or that are always 0. Applying them
 * changes no output. What is left is what a network without these units has.
 */
export function liveWeights(network: Network, remains: Remains, channels = liveChannels(network, remains)): Masks {
  const kernels = kernelMasks(network, remains, channels, 'nonzero');
  return Object.fromEntries(
    parameterSpecs(network)
      .filter(({ trainable }) => trainable)
      .map((spec) => [spec.name, kernels[spec.name] ?? liveEntries(spec, remains, channels.get(spec.layer)!)]),
  );
}

/** Masks of the kernels that leave the weights on a path from the network's input to its output. */
export function weightsOnPaths(network: Network, remains: Remains, channels = liveChannels(network, remains)): Masks {
  return kernelMasks(network, remains, channels, 'varies');
}

function kernelMasks(network: Network, { masks }: Remains, channels: Channels, carrying: 'nonzero' | 'varies'): Masks {
  const layers = new Map(network.layers.map((layer) => [layer.name, layer]));
  return Object.fromEntries(
    prunableSpecs(network).map(({ name, layer: owner, shape }) => {
      const layer = layers.get(owner) as Conv2d | Dense;
      const carried = channels.get(layer.inputs[0])![carrying];
      const { read } = channels.get(owner)!;
      const live = masks[name]?.slice() ?? new Uint8Array(sizeOf(shape)).fill(1);
      eachRun(layer, shape, (input, start, from, to) => {
        if (carried[input] === 0) live.fill(0, start + from, start + to);
        else for (let unit = from; unit < to; unit++) live[start + unit] &= read[unit];
      });
      return [name, live];
    }),
  );
}

function liveEntries({ name, shape }: ParameterSpec, { masks }: Remains, { nonzero, read }: LiveChannels): Uint8Array {
  const mask = masks[name];
  return Uint8Array.from({ length: sizeOf(shape) }, (_, i) => (mask?.[i] === 0 ? 0 : nonzero[i] & read[i]));
}
