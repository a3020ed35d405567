import {
  type Conv2d,
  channelTies,
  eachRun,
  inferShapes,
  type Masks,
  type Network,
  parameterSpecs,
  sizeOf,
} from '@prunebench/core';

/** For the output of every layer, and the network's input: the channels (or features) that stay, in order. */
export type KeptChannels = ReadonlyMap<string, Int32Array>;

/**
 * The channels that some output depends on, by the weights that masks leave, and those that are tied to them; at least one of every
 * layer. Groups of a convolution stay of equal size: one of which nothing is needed goes, the others keep as much as the one that
 * needs the most.
 */
export function keptChannels(network: Network, masks: Masks): KeptChannels {
  const keeping = new Keeping(network);
  keeping.keepWhatIsRead(masks);
  keeping.keepOneOfEach();
  return keeping.kept();
}

class Keeping {
  readonly #network: Network;
  readonly #of: ReadonlyMap<string, Int32Array>;
  /** 1 for each tie that stays. */
  readonly #stays: Uint8Array;

  constructor(network: Network) {
    const { of, fixed } = channelTies(network);
    this.#network = network;
    this.#of = of;
    this.#stays = fixed.slice();
  }

  /** From the outputs backwards, again and again: a tie reaches from the end of a residual stage to its beginning. */
  keepWhatIsRead(masks: Masks): void {
    const shapes = new Map(parameterSpecs(this.#network).map(({ name, shape }) => [name, shape]));
    const stays = this.#stays;
    const backwards = this.#network.layers.toReversed();
    for (let changed = true; changed; ) {
      changed = false;
      for (const layer of backwards) {
        if (layer.kind !== 'conv2d' && layer.kind !== 'dense') continue;
        const [input, output] = [this.#of.get(layer.inputs[0])!, this.#of.get(layer.name)!];
        const shape = shapes.get(`${layer.name}/kernel`)!;
        const mask = masks[`${layer.name}/kernel`] ?? new Uint8Array(sizeOf(shape)).fill(1);
        eachRun(layer, shape, (channel, start, from, to) => {
          for (let unit = from; unit < to && stays[input[channel]] === 0; unit++)
            if (mask[start + unit] !== 0 && stays[output[unit]] !== 0) {
              stays[input[channel]] = 1;
              changed = true;
            }
        });
      }
    }
  }

  keepOneOfEach(): void {
    for (let changed = true; changed; ) {
      changed = false;
      for (const ties of this.#of.values())
        if (!ties.some((tie) => this.#stays[tie])) {
          this.#stays[ties[0]] = 1;
          changed = true;
        }
      for (const layer of this.#network.layers)
        if (layer.kind === 'conv2d' && layer.groups > 1 && this.#evenOut(layer)) changed = true;
    }
  }

  /** Whether something more stays now. */
  #evenOut(layer: Conv2d): boolean {
    const cut = (ties: Int32Array) =>
      Array.from({ length: layer.groups }, (_, g) => {
        const size = ties.length / layer.groups;
        return ties.subarray(g * size, (g + 1) * size);
      });
    const sides = [this.#of.get(layer.inputs[0])!, this.#of.get(layer.name)!].map(cut);
    const count = (ties: Int32Array) => ties.reduce((sum, tie) => sum + this.#stays[tie], 0);
    const used = Array.from({ length: layer.groups }, (_, g) => sides.some((groups) => count(groups[g]) > 0));
    let changed = false;
    for (const groups of sides) {
      const most = Math.max(1, ...groups.map(count));
      for (const [g, ties] of groups.entries())
        for (const tie of ties)
          if (used[g] && count(ties) < most && this.#stays[tie] === 0) {
            this.#stays[tie] = 1;
            changed = true;
          }
    }
    return changed;
  }

  kept(): KeptChannels {
    return new Map(
      [...inferShapes(this.#network).keys()].map((name) => {
        const ties = this.#of.get(name)!;
        return [name, Int32Array.from(ties.keys()).filter((channel) => this.#stays[ties[channel]] !== 0)];
      }),
    );
  }
}
