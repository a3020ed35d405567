import {
  type Conv2d,
  consumers,
  type Dense,
  eachRun,
  inferShapes,
  type Network,
  type ParameterArray,
  readsPadding,
  type State,
  sizeOf,
} from '@prunebench/core';
import { type ConstantChannels, constantChannels } from './constant-channels.ts';
import type { NetworkWithState } from './network-with-state.ts';

/** A network in which what reads a constant has it in its bias instead. */
export interface Folded extends NetworkWithState {
  /** Which constants stay, and why: a sentence for each layer that reads them. */
  readonly remarks: readonly string[];
}

/**
 * Puts constants into the biases of what reads them: b += Σ κ w over the weights that read a channel which is κ whatever the input,
 * and masks these weights. Without a bias the constant goes into the mean that the batch norm behind the layer subtracts, and without
 * that the layer gets a bias. Where a window reaches over a zero-padded border the constant is none: those weights stay.
 */
export function foldConstants(network: Network, state: State): Folded {
  const channels = constantChannels(network, state);
  const shapes = inferShapes(network);
  const folding = new Folding(network, state);
  for (const layer of network.layers)
    if (layer.kind === 'conv2d' || layer.kind === 'dense')
      folding.fold(layer, channels.get(layer.inputs[0])!, readsPadding(layer, shapes.get(layer.inputs[0])!));
  return folding.folded();
}

class Folding {
  readonly #network: Network;
  readonly #parameters: Record<string, ParameterArray>;
  readonly #masks: Record<string, Uint8Array>;
  readonly #withBias = new Set<string>();
  readonly #remarks: string[] = [];

  constructor(network: Network, { parameters, masks }: State) {
    this.#network = network;
    this.#parameters = { ...parameters };
    this.#masks = { ...masks };
  }

  folded(): Folded {
    const layers = this.#network.layers.map((layer) =>
      this.#withBias.has(layer.name) && 'useBias' in layer ? { ...layer, useBias: true } : layer,
    );
    return {
      network: this.#withBias.size > 0 ? { ...this.#network, layers } : this.#network,
      state: { parameters: this.#parameters, masks: this.#masks },
      remarks: this.#remarks,
    };
  }

  fold(layer: Conv2d | Dense, { constant, values: constants }: ConstantChannels, padded: boolean): void {
    const name = `${layer.name}/kernel`;
    const { shape, values } = this.#parameters[name];
    const known = this.#masks[name];
    const mask = known?.slice() ?? new Uint8Array(sizeOf(shape)).fill(1);
    const added = new Float64Array(shape[shape.length - 1]);
    const kept = new Set<number>();
    let changed = false;
    eachRun(layer, shape, (channel, start, from, to) => {
      if (constant[channel] === 0) return;
      const value = constants[channel];
      for (let unit = from; unit < to; unit++) {
        if (mask[start + unit] === 0) continue;
        if (padded && value !== 0) {
          kept.add(channel);
          continue;
        }
        added[unit] += value * values[start + unit];
        mask[start + unit] = 0;
        changed = true;
      }
    });
    if (changed) this.#masks[name] = mask;
    if (added.some((sum) => sum !== 0)) this.#add(layer, added);
    if (kept.size > 0)
      this.#remarks.push(
        `${layer.name} reads ${kept.size} constant channel${kept.size === 1 ? '' : 's'} over a zero-padded border, where no bias can stand for ${kept.size === 1 ? 'it' : 'them'}`,
      );
  }

  #add(layer: Conv2d | Dense, added: Float64Array): void {
    const behind = consumers(this.#network, layer.name);
    const norm = behind.length === 1 && behind[0].kind === 'batchNorm' ? behind[0].name : undefined;
    if (!layer.useBias && norm !== undefined) {
      const name = `${norm}/movingMean`;
      const { shape, values } = this.#parameters[name];
      this.#parameters[name] = { shape, values: values.map((mean, unit) => mean - added[unit]) };
      return;
    }
    const name = `${layer.name}/bias`;
    if (!layer.useBias) this.#withBias.add(layer.name);
    const { shape, values } = this.#parameters[name] ?? {
      shape: [added.length],
      values: new Float32Array(added.length),
    };
    const mask = this.#masks[name];
    const bias = values.map((value, unit) => (mask?.[unit] === 0 ? 0 : value) + added[unit]);
    this.#parameters[name] = { shape, values: bias };
    // A masked bias that stands for something now is left again.
    if (mask) this.#masks[name] = mask.map((bit, unit) => (added[unit] === 0 ? bit : 1));
  }
}
