import { countKept } from '../masks.ts';
import type { ParameterArray, State } from '../parameters.ts';
import type { Conv2d, Dense, Layer, Network } from './layer.ts';
import { defineNetwork } from './network.ts';
import { sizeOf } from './parameter-specs.ts';
import { followers, liveUnits, mixesChannels, prunableUnits } from './units.ts';

/**
 * The network and its state without the output units (filters, neurons) that are removed: whose kernel column is masked, and
 * whose bias, gamma and beta are 0, so that they give 0 for every input. The outputs stay what they were, to rounding. Single
 * weights among the others keep their masks. A layer keeps at least one unit, and grouped convolutions and what they read stay as they are.
 */
export function withoutRemovedUnits(network: Network, state: State): NetworkWithState {
  return prunableUnits(network).reduce(
    (current, kernelName) => withoutRemovedUnitsOf(kernelName.replace(/\/kernel$/, ''), current),
    { network, state },
  );
}

export interface NetworkWithState {
  readonly network: Network;
  readonly state: State;
}

function withoutRemovedUnitsOf(name: string, { network, state }: NetworkWithState): NetworkWithState {
  const layer = network.layers.find((candidate) => candidate.name === name) as Conv2d | Dense;
  const following = followers(network, name);
  if ([layer, ...following].some((each) => each.kind === 'conv2d' && each.groups > 1)) return { network, state };
  const norms = following.filter(({ kind }) => kind === 'batchNorm').map((norm) => norm.name);
  const kept = keptUnits(name, norms, state);
  const count = countKept(kept);
  if (count === kept.length) return { network, state };

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
  const layers = network.layers.map((each) => (each === layer ? withUnits(layer, count) : each));
  return { network: defineNetwork({ ...network, layers }), state: { parameters, masks } };
}

/** 1 for units that stay. */
function keptUnits(name: string, norms: readonly string[], { parameters, masks }: State): Uint8Array {
  const kernel = `${name}/kernel`;
  const kept = liveUnits(parameters[kernel].shape, masks[kernel]);
  for (const shift of [`${name}/bias`, ...norms.flatMap((norm) => [`${norm}/gamma`, `${norm}/beta`])]) {
    const values = parameters[shift]?.values ?? [];
    for (let i = 0; i < values.length; i++) if (values[i] !== 0 && masks[shift]?.[i] !== 0) kept[i % kept.length] = 1;
  }
  if (!kept.includes(1)) kept[0] = 1;
  return kept;
}

/** Flat indices of what stays of a parameter. After a flatten unit u owns the features f with f mod units = u. */
function keptPlaces(shape: readonly number[], axis: number, kept: Uint8Array): number[] {
  const inner = sizeOf(shape.slice(axis + 1));
  return Array.from({ length: sizeOf(shape) }, (_, i) => i).filter(
    (i) => kept[(Math.floor(i / inner) % shape[axis]) % kept.length] === 1,
  );
}

function withUnits(layer: Conv2d | Dense, count: number): Layer {
  return layer.kind === 'dense' ? { ...layer, units: count } : { ...layer, filters: count };
}
