import type { Masks, ParameterArray, State } from '../parameters.ts';
import { checkMasks } from '../pruning/check-masks.ts';
import { countKept } from '../pruning/masks.ts';
import type { Conv2d, Dense, Layer, Network } from './layer.ts';
import { type LiveChannels, liveChannels } from './live-channels.ts';
import { liveWeights } from './live-weights.ts';
import { defineNetwork } from './network.ts';
import { prunableSpecs, sizeOf } from './parameter-specs.ts';
import { followers, mixesChannels, standsAlone } from './units.ts';

export interface NetworkWithState {
  readonly network: Network;
  readonly state: State;
}

/**
 * The network and its state without the output units (filters, neurons) that do nothing: those that give 0 for every input, because
 * their kernel column is masked or reads such units alone and their bias, gamma and beta are 0, and those that nobody reads. The
 * outputs stay what they were, to rounding. A unit that no input reaches but that gives a constant stays, as its readers need it.
 *
 * Single weights among the others keep their masks; weights that do nothing are masked too. A layer keeps at least one unit; units that meet others' channels in an addition or a padded shortcut, and
 * grouped convolutions with what they read, keep their places.
 *
 * @throws PrunebenchError for masks that do not fit the network
 */
export function withoutRemovedUnits(network: Network, state: State): NetworkWithState {
  checkMasks(network, state.masks);
  const channels = liveChannels(network, state);
  const masked: State = { ...state, masks: { ...state.masks, ...clearing(liveWeights(network, state, channels)) } };
  return prunableSpecs(network).reduce<NetworkWithState>(
    (current, { layer }) => withUnits(current, layer, unitsToKeep(network, layer, channels)),
    { network, state: masked },
  );
}

/** The masks that clear something. */
function clearing(masks: Masks): Masks {
  return Object.fromEntries(Object.entries(masks).filter(([, mask]) => countKept(mask) < mask.length));
}

/** 1 for the units of a layer that stay: on whose channels, up to the next layers with kernels, some output depends. */
function unitsToKeep(network: Network, name: string, channels: ReadonlyMap<string, LiveChannels>): Uint8Array {
  const following = followers(network, name);
  const layer = network.layers.find((candidate) => candidate.name === name)!;
  const kept = new Uint8Array(channels.get(name)!.read.length);
  const grouped = [layer, ...following].some((each) => each.kind === 'conv2d' && each.groups > 1);
  if (grouped || !standsAlone(network, following)) return kept.fill(1);
  for (const each of [layer, ...following.filter((follower) => !mixesChannels(follower))]) {
    const { nonzero, read } = channels.get(each.name)!;
    // After a flatten unit u owns the features f with f mod units = u.
    for (let c = 0; c < read.length; c++) kept[c % kept.length] |= nonzero[c] & read[c];
  }
  if (!kept.includes(1)) kept[0] = 1;
  return kept;
}

/** The network with the kept units of one layer alone. */
function withUnits({ network, state }: NetworkWithState, name: string, kept: Uint8Array): NetworkWithState {
  const count = countKept(kept);
  if (count === kept.length) return { network, state };
  const following = followers(network, name);
  const norms = following.filter(({ kind }) => kind === 'batchNorm').map((norm) => norm.name);
  const outputs = new Set([name, ...norms]);
  const readers = new Set(following.filter(mixesChannels).map((reader) => `${reader.name}/kernel`));
  /** The axis of a parameter along which the units lie, if there is one. */
  const axisOf = (parameter: string, { length }: readonly number[]): number | undefined => {
    if (outputs.has(parameter.split('/')[0])) return length - 1;
    return readers.has(parameter) ? length - 2 : undefined;
  };
  const parameters: Record<string, ParameterArray> = {};
  const masks: Record<string, Uint8Array> = { ...state.masks };
  for (const [parameter, { shape, values }] of Object.entries(state.parameters)) {
    const axis = axisOf(parameter, shape);
    const places = axis === undefined ? undefined : keptPlaces(shape, axis, kept);
    parameters[parameter] = places
      ? {
          shape: shape.map((size, i) => (i === axis ? (size / kept.length) * count : size)),
          values: Float32Array.from(places, (place) => values[place]),
        }
      : { shape, values };
    const mask = masks[parameter];
    if (mask && places) masks[parameter] = Uint8Array.from(places, (place) => mask[place]);
  }
  const layers = network.layers.map((each) =>
    each.name === name && mixesChannels(each) ? withCount(each, count) : each,
  );
  return { network: defineNetwork({ ...network, layers }), state: { parameters, masks } };
}

/** Flat indices of what stays of a parameter. After a flatten unit u owns the features f with f mod units = u. */
function keptPlaces(shape: readonly number[], axis: number, kept: Uint8Array): number[] {
  const inner = sizeOf(shape.slice(axis + 1));
  return Array.from({ length: sizeOf(shape) }, (_, i) => i).filter(
    (i) => kept[(Math.floor(i / inner) % shape[axis]) % kept.length] === 1,
  );
}

function withCount(layer: Conv2d | Dense, count: number): Layer {
  return layer.kind === 'dense' ? { ...layer, units: count } : { ...layer, filters: count };
}
