import type { Masks, ParameterRecord } from '../parameters.ts';
import { channelTies } from './channel-ties.ts';
import { type Conv2d, type Dense, INPUT, type Network } from './layer.ts';
import { eachRun } from './live-channels.ts';
import { outputLayer } from './network.ts';
import { type ParameterSpec, parameterSpecs, sizeOf } from './parameter-specs.ts';
import { unfoldable } from './removed-units.ts';
import { branches } from './residual-blocks.ts';
import { followers, mixesChannels, prunableUnits, unitMasks } from './units.ts';

/**
 * What may be removed as one:
 *
 * - `input`: a channel of the network's input, or a feature where a dense layer reads it flattened: the rows that read it
 * - `unit`: a neuron or filter that can go on its own: its kernel column, bias, and gamma and beta behind it (`unitMasks`)
 * - `channel`: units that are tied to one another (`channelTies`), as in the stages of a residual network; a tie of one is a unit
 * - `row`: of a kernel, what reads one channel or feature: K[:, :, c, :] or W[c, :]
 * - `kernel`: of a convolution, what leads from one channel to one filter: K[:, :, c, f]
 * - `shape`: of a convolution, one position of the window in one channel for all filters: K[y, x, c, :]
 * - `layer`: a kernel and its bias
 * - `block`: all that is on the longer branch of an addition
 */
export type GroupKind = 'input' | 'unit' | 'channel' | 'row' | 'kernel' | 'shape' | 'layer' | 'block';

/** Sets of entries of parameters that go or stay together; no entry is in two of them. */
export interface Groups {
  readonly kind: string;
  readonly count: number;
  /** What messages call a group: "conv1 unit 3". */
  nameOf(group: number): string;
  /** For each parameter with entries in groups: the group of each entry, -1 for none. */
  readonly of: Readonly<Record<string, Int32Array>>;
}

/** The groups of a kind, in layer order; those that may not go (the outputs, what a zero-padded border keeps) are not among them. */
export function groupsOf(network: Network, kind: GroupKind): Groups {
  const grouping = new Grouping(network);
  switch (kind) {
    case 'input':
      return grouping.inputs();
    case 'unit':
      return grouping.units();
    case 'channel':
      return grouping.channels();
    case 'row':
      return grouping.ofKernels('row', ({ input }) => input);
    case 'kernel':
      return grouping.ofKernels('kernel', ({ input, unit, units }) => input * units + unit, true);
    case 'shape':
      return grouping.ofKernels('shape', ({ column }) => column, true);
    case 'layer':
      return grouping.layers();
    case 'block':
      return grouping.blocks();
  }
}

/**
 * Groups of `size` weights that follow one another among those that feed a unit, of which N:M sparsity keeps n: neighbouring features
 * of a dense layer, neighbouring channels at one position of a convolution's window. Weights that fill no group are in none.
 */
export function neighbourGroups(network: Network, size: number): Groups {
  return new Grouping(network).ofKernels(`${size}`, ({ column, place, inputs, unit, units }) => {
    const perPosition = Math.floor(inputs / size);
    const block = Math.floor(place / size);
    if (block >= perPosition) return -1;
    return (Math.floor(column / inputs) * perPosition + block) * units + unit;
  });
}

/**
 * The masks that keep some groups: of every parameter that groups have entries of.
 *
 * @param kept [count] 1 = kept
 */
export function groupMasks(groups: Groups, kept: Uint8Array): Masks {
  if (kept.length !== groups.count) throw new Error(`groupMasks: ${groups.count} groups, not ${kept.length}`);
  return Object.fromEntries(
    Object.entries(groups.of).map(([name, of]) => [
      name,
      Uint8Array.from(of, (group) => (group < 0 ? 1 : kept[group])),
    ]),
  );
}

/**
 * Sums a term over the entries of each group.
 *
 * @returns [count]
 */
export function sumByGroup(
  groups: Groups,
  parameters: ParameterRecord,
  term: (value: number, name: string, flat: number) => number,
): Float64Array {
  const sums = new Float64Array(groups.count);
  for (const [name, of] of Object.entries(groups.of)) {
    const { values } = parameters[name];
    for (let i = 0; i < of.length; i++) if (of[i] >= 0) sums[of[i]] += term(values[i], name, i);
  }
  return sums;
}

/** Where a weight stands in its kernel. */
interface Place {
  /** The channel (or feature) that it reads, of all that the layer reads. */
  readonly input: number;
  /** The same, counted in its own group of channels. */
  readonly place: number;
  /** Flat index over all dimensions but the last. */
  readonly column: number;
  readonly unit: number;
  /** Channels of one group of channels. */
  readonly inputs: number;
  readonly units: number;
}

class Grouping {
  readonly #network: Network;
  readonly #specs: ReadonlyMap<string, ParameterSpec>;

  constructor(network: Network) {
    this.#network = network;
    this.#specs = new Map(parameterSpecs(network).map((spec) => [spec.name, spec]));
  }

  inputs(): Groups {
    const [features] = this.#network.inputShape.slice(-1);
    const of: Record<string, Int32Array> = {};
    const reading = followers(this.#network, INPUT);
    // What is read flattened goes feature by feature, unless a convolution or an addition holds whole channels.
    const flat = reading.every(
      (layer) =>
        layer.kind === 'flatten' || layer.kind === 'dense' || layer.kind === 'activation' || layer.kind === 'dropout',
    );
    const count = flat ? sizeOf(this.#network.inputShape) : features;
    if (reading.some(({ kind }) => kind === 'add')) return collected('input', 0, {}, () => '');
    for (const layer of reading.filter(mixesChannels))
      of[`${layer.name}/kernel`] = this.#assigned(layer, ({ input }) => input % count);
    return collected('input', count, of, (group) => `input ${group}`);
  }

  units(): Groups {
    const of: Record<string, Int32Array> = {};
    const names: string[] = [];
    for (const kernel of prunableUnits(this.#network)) {
      const { shape, layer } = this.#specs.get(kernel)!;
      const units = shape[shape.length - 1];
      const first = names.length;
      for (let unit = 0; unit < units; unit++) names.push(`${layer} unit ${unit}`);
      for (const [name, { length }] of Object.entries(unitMasks(this.#network, kernel, new Uint8Array(units))))
        of[name] = Int32Array.from({ length }, (_, i) => first + (i % units));
    }
    return collected('unit', names.length, of, (group) => names[group]);
  }

  channels(): Groups {
    const ties = channelTies(this.#network);
    const stays = ties.fixed.slice();
    const hold = (tensor: string) => {
      for (const tie of ties.of.get(tensor)!) stays[tie] = 1;
    };
    // Where the constant of a sigmoid cannot be folded nothing behind it may go.
    for (const layer of unfoldable(this.#network, this.#network.layers)) hold(layer.inputs[0]);
    const numbers = new Map<number, number>();
    const names: string[] = [];
    const of: Record<string, Int32Array> = {};
    for (const { name, layer, role, shape, trainable } of this.#specs.values()) {
      if (!trainable) continue;
      const tie = ties.of.get(layer)!;
      const units = shape[shape.length - 1];
      if (role === 'kernel')
        for (let unit = 0; unit < units; unit++)
          if (!stays[tie[unit]] && !numbers.has(tie[unit])) {
            numbers.set(tie[unit], names.length);
            names.push(`channel ${unit} of ${layer}`);
          }
      of[name] = Int32Array.from({ length: sizeOf(shape) }, (_, i) => numbers.get(tie[i % units]) ?? -1);
    }
    return collected('channel', names.length, of, (group) => names[group]);
  }

  /** Groups inside of each kernel, by where a weight stands; -1: in none. */
  ofKernels(kind: string, groupOf: (place: Place) => number, onlyConvolutions = false): Groups {
    const of: Record<string, Int32Array> = {};
    const names: string[] = [];
    for (const layer of this.#network.layers.filter(mixesChannels)) {
      if (onlyConvolutions && layer.kind !== 'conv2d') continue;
      const found = this.#assigned(layer, groupOf);
      const numbers = new Map<number, number>();
      for (const group of Int32Array.from(new Set(found)).sort())
        if (group >= 0) {
          numbers.set(group, names.length);
          names.push(`${layer.name} ${kind} ${group}`);
        }
      of[`${layer.name}/kernel`] = found.map((group) => numbers.get(group) ?? -1);
    }
    return collected(kind, names.length, of, (group) => names[group]);
  }

  layers(): Groups {
    const layers = this.#network.layers.filter((layer) => mixesChannels(layer) && layer !== outputLayer(this.#network));
    const of: Record<string, Int32Array> = {};
    for (const { name, layer, shape } of this.#specs.values()) {
      const group = layers.findIndex((each) => each.name === layer);
      if (group >= 0) of[name] = new Int32Array(sizeOf(shape)).fill(group);
    }
    return collected('layer', layers.length, of, (group) => layers[group].name);
  }

  blocks(): Groups {
    const blocks = branches(this.#network);
    const of: Record<string, Int32Array> = {};
    for (const { name, layer, shape, trainable } of this.#specs.values()) {
      const group = blocks.findIndex(({ layers }) => layers.includes(layer));
      if (group >= 0 && trainable) of[name] = new Int32Array(sizeOf(shape)).fill(group);
    }
    return collected('block', blocks.length, of, (group) => `the branch before ${blocks[group].addition}`);
  }

  /** Something of each weight of a layer's kernel. */
  #assigned(layer: Conv2d | Dense, groupOf: (place: Place) => number): Int32Array {
    const { shape } = this.#specs.get(`${layer.name}/kernel`)!;
    const [inputs, units] = shape.slice(-2);
    const found = new Int32Array(sizeOf(shape));
    eachRun(layer, shape, (input, start, from, to) => {
      const column = start / units;
      for (let unit = from; unit < to; unit++)
        found[start + unit] = groupOf({ input, place: column % inputs, column, unit, inputs, units });
    });
    return found;
  }
}

function collected(kind: string, count: number, of: Groups['of'], nameOf: Groups['nameOf']): Groups {
  return {
    kind,
    count,
    of: Object.fromEntries(Object.entries(of).filter(([, own]) => own.some((g) => g >= 0))),
    nameOf,
  };
}
