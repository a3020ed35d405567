import { defineNetwork, INPUT, inferShapes, type Layer, type Network, type RandomStream } from '@prunebench/core';
import * as layers from '@prunebench/core/layers';

/**
 * A small network of a random graph: chains, residual blocks with identity, padded and projected shortcuts, branches that two layers
 * read, depthwise and grouped convolutions, batch norm, every activation, pooling with both paddings, dropout; then flattened or
 * averaged, and dense layers.
 */
export function randomNetwork(random: RandomStream): Network {
  const growing = new Growing(random);
  const blocks = 1 + random.integer(3);
  for (let block = 0; block < blocks; block++) growing.block();
  return growing.finish();
}

class Growing {
  readonly #random: RandomStream;
  readonly #inputShape: readonly number[];
  readonly #layers: Layer[] = [];
  #end = INPUT;

  constructor(random: RandomStream) {
    this.#random = random;
    this.#inputShape = [5 + random.integer(3), 5 + random.integer(3), 1 + random.integer(3)];
  }

  block(): void {
    const kinds = [
      () => this.#chain(),
      () => this.#residual('identity'),
      () => this.#residual('projection'),
      () => this.#residual('padded'),
      () => this.#residual('both'),
      () => this.#pool(),
    ];
    this.#pick(kinds)();
  }

  finish(): Network {
    const flat = this.#random.uniform() < 0.6;
    this.#push(flat ? layers.flatten(this.#name('flat')) : layers.globalAveragePool(this.#name('average')));
    for (let i = this.#random.integer(2); i >= 0; i--) {
      this.#push(layers.dense(this.#name('fc'), 3 + this.#random.integer(4), { useBias: this.#coin() }));
      this.#behind();
    }
    this.#push(layers.dense(this.#name('out'), 3, { useBias: this.#coin() }));
    return defineNetwork({ name: 'random', inputShape: this.#inputShape, layers: this.#layers });
  }

  #chain(): void {
    for (let i = this.#random.integer(2); i >= 0; i--) {
      this.#convolution(2 + this.#random.integer(4));
      this.#behind();
    }
  }

  #residual(shortcut: 'identity' | 'projection' | 'padded' | 'both'): void {
    const start = this.#end;
    const channels = this.#shape()[2];
    const filters = shortcut === 'identity' ? channels : channels + this.#random.integer(3);
    const stride = shortcut === 'identity' ? 1 : 1 + this.#random.integer(2);
    this.#convolution(2 + this.#random.integer(3), { padding: 'same', stride: 1 });
    this.#behind();
    this.#convolution(filters, { padding: 'same', stride, groups: 1 });
    if (this.#coin()) this.#push(layers.batchNorm(this.#name('bn')));
    const branch = this.#end;
    this.#end = start;
    if (shortcut === 'projection' || shortcut === 'both') {
      this.#push(layers.conv2d(this.#name('project'), filters, 1, { stride, useBias: this.#coin() }));
      if (this.#coin()) this.#push(layers.batchNorm(this.#name('bn')));
    } else if (shortcut === 'padded')
      this.#push((input) => ({
        kind: 'subsamplePad',
        name: this.#name('pad'),
        inputs: [input],
        stride,
        channels: filters,
      }));
    this.#layers.push(layers.add(this.#name('add'), branch, this.#end));
    this.#end = this.#layers.at(-1)!.name;
    if (shortcut === 'both') {
      this.#layers.push(layers.add(this.#name('add'), this.#end, branch));
      this.#end = this.#layers.at(-1)!.name;
    }
    if (this.#coin()) this.#push(layers.activation(this.#name('act'), this.#activation()));
  }

  #pool(): void {
    const [height, width] = this.#shape();
    if (Math.min(height, width) < 3) {
      this.#chain();
      return;
    }
    const padding = this.#coin() ? 'same' : 'valid';
    const kind = this.#coin() ? 'maxPool' : 'avgPool';
    this.#push((input) => ({
      kind,
      name: this.#name('pool'),
      inputs: [input],
      size: [2, 2],
      strides: [2, 2],
      padding,
    }));
  }

  #convolution(filters: number, fixed: { padding?: 'same'; stride?: number; groups?: 1 } = {}): void {
    const [height, width, channels] = this.#shape();
    const size = this.#pick([1, 3, 3, 5]);
    const fits = Math.min(height, width) >= size;
    const padding = fixed.padding ?? (fits && this.#coin() ? 'valid' : 'same');
    const stride = fixed.stride ?? 1 + this.#random.integer(2);
    const groups = fixed.groups ?? this.#pick([1, 1, 1, channels, channels % 2 === 0 ? 2 : 1]);
    this.#push(
      layers.conv2d(this.#name('conv'), Math.ceil(filters / groups) * groups, size, {
        padding,
        stride,
        groups,
        useBias: this.#coin(),
      }),
    );
  }

  #behind(): void {
    if (this.#coin()) this.#push(layers.batchNorm(this.#name('bn')));
    if (this.#random.uniform() < 0.8) this.#push(layers.activation(this.#name('act'), this.#activation()));
    if (this.#random.uniform() < 0.1)
      this.#push((input) => ({ kind: 'dropout', name: this.#name('dropout'), inputs: [input], rate: 0.5 }));
  }

  #activation() {
    return this.#pick(['relu', 'relu', 'tanh', 'sigmoid'] as const);
  }

  #push(layer: (input: string) => Layer): void {
    this.#layers.push(layer(this.#end));
    this.#end = this.#layers.at(-1)!.name;
  }

  #shape(): readonly number[] {
    return inferShapes({ name: 'growing', inputShape: this.#inputShape, layers: this.#layers }).get(this.#end)!;
  }

  #name(kind: string): string {
    return `${kind}${this.#layers.length}`;
  }

  #coin(): boolean {
    return this.#random.uniform() < 0.5;
  }

  #pick<Item>(items: readonly Item[]): Item {
    return items[this.#random.integer(items.length)];
  }
}
