import type { Masks, ParameterRecord } from '../parameters.ts';
import { sourceChannel } from './channel-ties.ts';
import { type Conv2d, type Dense, INPUT, type Layer, type Network } from './layer.ts';
import { outputLayer } from './network.ts';
import { parameterSpecs, sizeOf } from './parameter-specs.ts';
import { inferShapes } from './shape.ts';

/** What the weights that are left say about each channel (or feature) of a layer's output: 1 or 0 for every one. */
export interface LiveChannels {
  /** 0 where it is 0 whatever the network's input. */
  readonly nonzero: Uint8Array;
  /** 0 where nothing that is left feeds it, so that it is `emptyValues`: 0, or 1/2 behind a sigmoid. */
  readonly fed: Uint8Array;
  /** 0 where it does not depend on the network's input. */
  readonly varies: Uint8Array;
  /** 0 where the network's output does not depend on it. */
  readonly read: Uint8Array;
}

/** What is left of a network: its masks and, if known, its parameters. */
export interface Remains {
  readonly masks: Masks;
  /** With these a bias, gamma or beta of 0 is as good as a masked one; without, only masked ones are known to be 0. */
  readonly parameters?: ParameterRecord;
}

/**
 * Reads a network's graph once forwards and once backwards and says for every layer's output which channels are zero, constant or
 * unread; the network's input is `INPUT`. The one place that decides what removed weights take with them: costs, effective
 * sparsity and `withoutRemovedUnits` all follow from it.
 *
 * A weight that is left counts as not 0, so a channel that is zero by chance (a ReLU that never fires) is not found.
 */
export function liveChannels(network: Network, remains: Remains): ReadonlyMap<string, LiveChannels> {
  const reading = new Reading(network, remains);
  for (const layer of network.layers) reading.forwards(layer);
  for (const layer of network.layers.toReversed()) reading.backwards(layer);
  return reading.channels;
}

/**
 * Calls `visit` for every run of neighbouring weights of a kernel that read the same channel, and feed the units from `from` up to
 * `to`: the weight of unit u is at flat index `start` + u.
 */
export function eachRun(
  layer: Conv2d | Dense,
  shape: readonly number[],
  visit: (input: number, start: number, from: number, to: number) => void,
): void {
  const [inputs, units] = shape.slice(-2);
  const groups = layer.kind === 'conv2d' ? layer.groups : 1;
  const perGroup = units / groups;
  const columns = shape.slice(0, -1).reduce((product, size) => product * size, 1);
  for (let column = 0; column < columns; column++)
    for (let group = 0; group < groups; group++)
      visit(group * inputs + (column % inputs), column * units, group * perGroup, (group + 1) * perGroup);
}

class Reading {
  readonly channels: ReadonlyMap<string, LiveChannels>;
  readonly #remains: Remains;
  readonly #kernels: ReadonlyMap<string, readonly number[]>;

  constructor(network: Network, remains: Remains) {
    this.#remains = remains;
    this.#kernels = new Map(
      parameterSpecs(network).flatMap(({ role, layer, shape }) => (role === 'kernel' ? [[layer, shape]] : [])),
    );
    this.channels = new Map(
      [...inferShapes(network)].map(([name, shape]) => {
        const size = shape[shape.length - 1];
        const none = () => new Uint8Array(size);
        return [name, { nonzero: none(), fed: none(), varies: none(), read: none() }];
      }),
    );
    const input = this.channels.get(INPUT)!;
    input.nonzero.fill(1);
    input.fed.fill(1);
    input.varies.fill(1);
    this.channels.get(outputLayer(network).name)!.read.fill(1);
  }

  /** Sets what is nonzero and varies of the layer's output, from its inputs. */
  forwards(layer: Layer): void {
    const output = this.channels.get(layer.name)!;
    if (layer.kind === 'conv2d' || layer.kind === 'dense') {
      const input = this.channels.get(layer.inputs[0])!;
      this.#eachRun(layer, (left, channel, start, from, to) => {
        if (input.nonzero[channel] === 0) return;
        for (let unit = from; unit < to; unit++) output.nonzero[unit] |= left[start + unit];
        if (input.varies[channel] === 0) return;
        for (let unit = from; unit < to; unit++) output.varies[unit] |= left[start + unit];
      });
      if (layer.useBias) this.#orLeft(`${layer.name}/bias`, output.nonzero);
      output.fed.set(output.nonzero);
      return;
    }
    for (const [name, channelOf] of sourcesOf(layer, this.channels)) {
      const input = this.channels.get(name)!;
      for (let c = 0; c < output.nonzero.length; c++) {
        output.nonzero[c] |= input.nonzero[channelOf(c)] ?? 0;
        output.fed[c] |= input.fed[channelOf(c)] ?? 0;
        output.varies[c] |= input.varies[channelOf(c)] ?? 0;
      }
    }
    if (layer.kind === 'activation' && layer.activation === 'sigmoid') output.nonzero.fill(1);
    if (layer.kind === 'batchNorm') {
      const scaled = this.#scaled(layer.name, output.varies.length);
      for (let c = 0; c < scaled.length; c++) output.varies[c] &= scaled[c];
      // The mean that it subtracts makes something of nothing, too.
      output.nonzero.set(scaled);
      this.#orLeft(`${layer.name}/beta`, output.nonzero);
      output.fed.set(output.nonzero);
    }
  }

  /** Sets what the layer reads of its inputs, from what is read of its output. */
  backwards(layer: Layer): void {
    const { read } = this.channels.get(layer.name)!;
    if (layer.kind === 'conv2d' || layer.kind === 'dense') {
      const input = this.channels.get(layer.inputs[0])!.read;
      this.#eachRun(layer, (left, channel, start, from, to) => {
        for (let unit = from; unit < to && input[channel] === 0; unit++)
          input[channel] = left[start + unit] & read[unit];
      });
      return;
    }
    const scaled = layer.kind === 'batchNorm' ? this.#scaled(layer.name, read.length) : undefined;
    for (const [name, channelOf] of sourcesOf(layer, this.channels)) {
      const input = this.channels.get(name)!.read;
      for (let c = 0; c < read.length; c++) if (scaled?.[c] !== 0) input[channelOf(c)] |= read[c];
    }
  }

  /** `eachRun` with what is left of the kernel: 1 for every weight. */
  #eachRun(
    layer: Conv2d | Dense,
    visit: (left: Uint8Array, ...run: Parameters<Parameters<typeof eachRun>[2]>) => void,
  ): void {
    const shape = this.#kernels.get(layer.name)!;
    const left = this.#remains.masks[`${layer.name}/kernel`] ?? new Uint8Array(sizeOf(shape)).fill(1);
    eachRun(layer, shape, (...run) => visit(left, ...run));
  }

  /** 1 for the channels that a batch norm lets through. */
  #scaled(name: string, size: number): Uint8Array {
    const scaled = new Uint8Array(size);
    this.#orLeft(`${name}/gamma`, scaled);
    return scaled;
  }

  /** Sets `target` where an entry of the vector is left. */
  #orLeft(name: string, target: Uint8Array): void {
    const mask = this.#remains.masks[name];
    const values = this.#remains.parameters?.[name]?.values;
    for (let i = 0; i < target.length; i++) if (mask?.[i] !== 0 && values?.[i] !== 0) target[i] = 1;
  }
}

/** For layers that keep channels apart: what each reads, and which of its channels an output channel comes from (perhaps none). */
function sourcesOf(
  layer: Layer,
  channels: ReadonlyMap<string, LiveChannels>,
): readonly (readonly [name: string, channelOf: (output: number) => number])[] {
  const channelOf = sourceChannel(layer, channels.get(layer.inputs[0])!.nonzero.length);
  return layer.inputs.map((name) => [name, channelOf]);
}
