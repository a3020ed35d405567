import { type Conv2d, INPUT, type Layer, type Network, type SubsamplePad } from './layer.ts';
import { outputLayer } from './network.ts';
import { inferShapes } from './shape.ts';

/**
 * Which channels stay or go together. A convolution or dense layer opens channels of its own; everything after it up to the next one
 * hands them on, additions and padded shortcuts tie those of two branches to one another, and a depthwise convolution ties each channel
 * to the filters that read it alone.
 */
export interface ChannelTies {
  /** How many ties there are: sets of channels that share their fate. */
  readonly count: number;
  /** For the output of every layer (and `INPUT`): the tie of each channel or feature. */
  readonly of: ReadonlyMap<string, Int32Array>;
  /** 1 for ties that hold a channel of the network's input or output, which no pruning changes. */
  readonly fixed: Uint8Array;
}

const tiesOf = new WeakMap<Network, ChannelTies>();

/** The ties of a network's channels, numbered in layer order; worked out once for each network. */
export function channelTies(network: Network): ChannelTies {
  const known = tiesOf.get(network);
  if (known) return known;
  const found = new Tying(network).ties();
  tiesOf.set(network, found);
  return found;
}

/** Whether each group of the convolution reads a single channel. */
function isDepthwise(layer: Layer, channels: number): layer is Conv2d {
  return layer.kind === 'conv2d' && layer.groups > 1 && layer.groups === channels;
}

/** Zero channels that a padded shortcut puts before those of its input. */
export function channelsBefore({ before, channels }: SubsamplePad, inputs: number): number {
  return before ?? Math.floor((channels - inputs) / 2);
}

/**
 * For layers that keep channels apart: which channel of its inputs an output channel comes from; outside of them for the zeros of a
 * padded shortcut.
 *
 * @param channels of the input
 */
export function sourceChannel(layer: Layer, channels: number): (output: number) => number {
  if (layer.kind === 'flatten') return (feature) => feature % channels;
  if (layer.kind !== 'subsamplePad') return (channel) => channel;
  const before = channelsBefore(layer, channels);
  return (channel) => channel - before;
}

class Tying {
  readonly #network: Network;
  /** Each channel's place in `#parents`, by tensor. */
  readonly #places: ReadonlyMap<string, number>;
  readonly #sizes: ReadonlyMap<string, number>;
  /** A forest: channels with the same root are tied. */
  readonly #parents: Int32Array;

  constructor(network: Network) {
    this.#network = network;
    this.#sizes = new Map([...inferShapes(network)].map(([name, shape]) => [name, shape[shape.length - 1]]));
    let places = 0;
    this.#places = new Map(
      [...this.#sizes].map(([name, size]) => {
        places += size;
        return [name, places - size];
      }),
    );
    this.#parents = Int32Array.from({ length: places }, (_, place) => place);
  }

  ties(): ChannelTies {
    for (const layer of this.#network.layers) this.#tie(layer);
    const numbers = new Map<number, number>();
    const of = new Map(
      [...this.#sizes].map(([name, size]) => [
        name,
        Int32Array.from({ length: size }, (_, channel) => {
          const root = this.#root(this.#places.get(name)! + channel);
          const number = numbers.get(root) ?? numbers.size;
          numbers.set(root, number);
          return number;
        }),
      ]),
    );
    const fixed = new Uint8Array(numbers.size);
    for (const name of [INPUT, outputLayer(this.#network).name]) for (const tie of of.get(name)!) fixed[tie] = 1;
    return { count: numbers.size, of, fixed };
  }

  #tie(layer: Layer): void {
    const size = this.#sizes.get(layer.name)!;
    const own = this.#places.get(layer.name)!;
    const [input] = layer.inputs;
    const channels = this.#sizes.get(input)!;
    if (layer.kind === 'dense') return;
    if (layer.kind === 'conv2d') {
      if (!isDepthwise(layer, channels)) return;
      const perChannel = size / channels;
      for (let c = 0; c < size; c++) this.#unite(own + c, this.#places.get(input)! + Math.floor(c / perChannel));
      return;
    }
    const sourceOf = sourceChannel(layer, channels);
    for (const name of layer.inputs)
      for (let c = 0; c < size; c++) {
        const source = sourceOf(c);
        if (source >= 0 && source < channels) this.#unite(own + c, this.#places.get(name)! + source);
      }
  }

  #root(place: number): number {
    let root = place;
    while (this.#parents[root] !== root) root = this.#parents[root];
    // The path is as short as can be the next time.
    for (let at = place; at !== root; ) [at, this.#parents[at]] = [this.#parents[at], root];
    return root;
  }

  #unite(one: number, other: number): void {
    const [a, b] = [this.#root(one), this.#root(other)];
    this.#parents[Math.max(a, b)] = Math.min(a, b);
  }
}
