import { contentHash, type Network, randomStream } from '@prunebench/core';
import { initializeParameters } from '@prunebench/network';
import { type CompiledNetwork, compile } from '../executor/compile.ts';

/**
 * Networks with nothing pruned, compiled once for each batch size: what pruned ones are compared with. Times do not depend on the
 * values of weights, so a baseline serves all pruned networks of its architecture.
 */
export class Baselines implements Disposable {
  readonly #compiled = new Map<string, CompiledNetwork>();

  /** @param seconds how long the choice of the fastest way may take, where it has not been made yet */
  async of(network: Network, { batchSize, seconds }: { batchSize: number; seconds: number }): Promise<CompiledNetwork> {
    const key = `${contentHash(network)} ${batchSize}`;
    const known = this.#compiled.get(key);
    if (known) return known;
    const unpruned = initializeParameters(network, randomStream(0, 'baseline'));
    const compiled = await compile(network, unpruned, {}, { batchSize, seconds });
    this.#compiled.set(key, compiled);
    return compiled;
  }

  [Symbol.dispose](): void {
    for (const compiled of this.#compiled.values()) compiled.dispose();
    this.#compiled.clear();
  }
}
