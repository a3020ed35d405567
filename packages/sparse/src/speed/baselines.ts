import { type Network, randomStream } from '@prunebench/core';
import { initializeParameters } from '@prunebench/network';
import { type CompiledNetwork, type CompileOptions, compile } from '../executor/compile.ts';

/** Networks compiled with nothing pruned, each once for each batch size, however many pruned ones are held against it. */
export class Baselines {
  readonly #compiled = new Map<string, CompiledNetwork>();

  /** The network compiled; it is disposed of with all others. */
  async of(network: Network, options: CompileOptions): Promise<CompiledNetwork> {
    const name = JSON.stringify([options.batchSize, network]);
    const known = this.#compiled.get(name);
    if (known) return known;
    // Times do not depend on values, and a pruned state's own are 0 where it was pruned.
    const parameters = initializeParameters(network, randomStream(0, 'baseline'));
    const compiled = await compile(network, parameters, {}, options);
    this.#compiled.set(name, compiled);
    return compiled;
  }

  [Symbol.dispose](): void {
    for (const compiled of this.#compiled.values()) compiled.dispose();
    this.#compiled.clear();
  }
}
