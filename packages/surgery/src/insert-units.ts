import {
  defineNetwork,
  followers,
  mixesChannels,
  type Network,
  type ParameterArray,
  type ParameterRole,
  PrunebenchError,
  parameterSpecs,
  type State,
  sizeOf,
  standsAlone,
} from '@prunebench/core';
import type { NetworkWithState } from './network-with-state.ts';

/** New units of a layer. */
export interface NewUnits {
  /** What feeds them, in the kernel's order without its last dimension, then unit: [..., count]. */
  readonly incoming: ArrayLike<number>;
  readonly count: number;
  /** Default 0. */
  readonly bias?: ArrayLike<number>;
}

/** What a new channel gets of each kind of parameter: nobody reads it, and a batch norm lets it through as it is. */
const NEUTRAL: Readonly<Record<ParameterRole, number>> = {
  kernel: 0,
  bias: 0,
  gamma: 1,
  beta: 0,
  movingMean: 0,
  movingVariance: 1,
};

/**
 * The network with more units (neurons, filters) in one layer, behind its own. The weights that read them are 0: the outputs stay what
 * they were, and a gradient tells what the new units are good for.
 *
 * @throws PrunebenchError where the layer's channels have places that others share, and for numbers that do not fit
 */
export function insertUnits(network: Network, state: State, layer: string, units: NewUnits): NetworkWithState {
  const grown = network.layers.find(({ name }) => name === layer);
  const fault = (what: string, remedy: string) =>
    new PrunebenchError(`Network ${network.name} cannot get units in layer ${layer}: ${what}.`, { remedy });
  if (!grown || !mixesChannels(grown)) throw fault('it is no convolution or dense layer', 'Name one that is.');
  const following = followers(network, layer);
  if (!standsAlone(network, following))
    throw fault('an addition, a padded shortcut or the output holds their places', 'Name a layer inside of a block.');
  if ([grown, ...following].some((each) => each.kind === 'conv2d' && each.groups > 1))
    throw fault('a convolution cuts its channels into groups', 'Name a layer that no grouped convolution reads.');
  const { count, incoming, bias = new Float32Array(count) } = units;
  const kernel = state.parameters[`${layer}/kernel`];
  const before = kernel.shape[kernel.shape.length - 1];
  if (!(count >= 1) || incoming.length !== (sizeOf(kernel.shape) / before) * count || bias.length !== count)
    throw fault(
      `${incoming.length} weights and ${bias.length} biases are not those of ${count} units`,
      'Give each its own.',
    );
  const after = before + count;
  const outputs = new Set([layer, ...following.filter(({ kind }) => kind === 'batchNorm').map(({ name }) => name)]);
  const readers = new Set(following.filter(mixesChannels).map(({ name }) => name));
  const parameters: Record<string, ParameterArray> = { ...state.parameters };
  const masks: Record<string, Uint8Array> = { ...state.masks };
  for (const { name, layer: owner, role, shape } of parameterSpecs(network)) {
    if (!outputs.has(owner) && !(readers.has(owner) && role === 'kernel')) continue;
    const axis = outputs.has(owner) ? shape.length - 1 : shape.length - 2;
    const inner = sizeOf(shape.slice(axis + 1));
    // After a flatten the channels lie together at each position.
    const places = Array.from({ length: (sizeOf(shape) / before) * after }, (_, i) => {
      const channel = Math.floor(i / inner) % after;
      const position = Math.floor(i / (inner * after));
      return channel < before
        ? (position * before + channel) * inner + (i % inner)
        : -1 - (position * count + channel - before);
    });
    const given =
      owner === layer && role === 'kernel' ? incoming : owner === layer && role === 'bias' ? bias : undefined;
    const { values } = state.parameters[name];
    parameters[name] = {
      shape: shape.map((size, i) => (i === axis ? (size / before) * after : size)),
      values: Float32Array.from(places, (place) =>
        place >= 0 ? values[place] : (given?.[-1 - place] ?? NEUTRAL[role]),
      ),
    };
    const mask = state.masks[name];
    if (mask) masks[name] = Uint8Array.from(places, (place) => mask[place] ?? 1);
  }
  const wider = grown.kind === 'dense' ? { ...grown, units: after } : { ...grown, filters: after };
  return {
    network: defineNetwork({ ...network, layers: network.layers.map((each) => (each === grown ? wider : each)) }),
    state: { parameters, masks },
  };
}
