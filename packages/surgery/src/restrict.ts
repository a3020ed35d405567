import {
  channelsBefore,
  defineNetwork,
  inferShapes,
  type Layer,
  type Network,
  type ParameterArray,
  type ParameterSpec,
  parameterSpecs,
  type State,
} from '@prunebench/core';
import type { KeptChannels } from './kept-channels.ts';
import type { NetworkWithState } from './network-with-state.ts';

/** The network of the kept channels alone: its layers, parameters and masks. */
export function restrict(network: Network, state: State, kept: KeptChannels): NetworkWithState {
  const shapes = inferShapes(network);
  const layers = network.layers.map((layer) => smaller(layer, kept, shapes));
  const byName = new Map(network.layers.map((layer) => [layer.name, layer]));
  const parameters: Record<string, ParameterArray> = {};
  const masks: Record<string, Uint8Array> = {};
  for (const spec of parameterSpecs(network)) {
    const { name, shape } = spec;
    const layer = byName.get(spec.layer)!;
    const { places, sizes } =
      spec.role === 'kernel' ? kernelPlaces(spec, layer, kept) : { places: kept.get(layer.name)!, sizes: undefined };
    parameters[name] = {
      shape: sizes ?? [...shape.slice(0, -1), places.length],
      values: Float32Array.from(places, (place) => state.parameters[name].values[place]),
    };
    const mask = state.masks[name];
    if (mask) masks[name] = Uint8Array.from(places, (place) => mask[place]);
  }
  return { network: defineNetwork({ ...network, layers }), state: { parameters, masks } };
}

function smaller(layer: Layer, kept: KeptChannels, shapes: ReadonlyMap<string, readonly number[]>): Layer {
  const own = kept.get(layer.name)!;
  switch (layer.kind) {
    case 'dense':
      return own.length === layer.units ? layer : { ...layer, units: own.length };
    case 'conv2d': {
      const groups = layer.groups === 1 ? 1 : new Set(own.map((c) => groupOf(c, layer.filters, layer.groups))).size;
      return own.length === layer.filters ? layer : { ...layer, filters: own.length, groups };
    }
    case 'subsamplePad': {
      if (own.length === layer.channels) return layer;
      const [inputs] = shapes.get(layer.inputs[0])!.slice(-1);
      const first = channelsBefore(layer, inputs);
      const { before: _, ...rest } = layer;
      const padded = { ...rest, channels: own.length };
      const before = own.filter((channel) => channel < first).length;
      const usual = channelsBefore(padded, kept.get(layer.inputs[0])!.length);
      return before === usual ? padded : { ...padded, before };
    }
    default:
      return layer;
  }
}

function groupOf(channel: number, channels: number, groups: number): number {
  return Math.floor(channel / (channels / groups));
}

/** Flat indices of what stays of a kernel [..., inputs of a group, units], and its new shape. */
function kernelPlaces(
  { shape }: ParameterSpec,
  layer: Layer,
  kept: KeptChannels,
): { readonly places: Int32Array; readonly sizes: readonly number[] } {
  const [inputs, units] = shape.slice(-2);
  const groups = layer.kind === 'conv2d' ? layer.groups : 1;
  const own = kept.get(layer.name)!;
  const read = kept.get(layer.inputs[0])!;
  // Each group's own channels, counted in the group.
  const places = Array.from({ length: groups }, (_, g) =>
    read.filter((channel) => Math.floor(channel / inputs) === g).map((channel) => channel - g * inputs),
  );
  const positions = shape.slice(0, -2).reduce((product, size) => product * size, 1);
  const ofUnit = Array.from(own, (unit) => places[groupOf(unit, units, groups)]);
  const perUnit = ofUnit[0].length;
  const found = new Int32Array(positions * perUnit * own.length);
  let next = 0;
  for (let position = 0; position < positions; position++)
    for (let i = 0; i < perUnit; i++)
      for (const [u, unit] of own.entries()) found[next++] = (position * inputs + ofUnit[u][i]) * units + unit;
  return { places: found, sizes: [...shape.slice(0, -2), perUnit, own.length] };
}
