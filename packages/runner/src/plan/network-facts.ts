import { costOf, type Network } from '@prunebench/core';
import type { Registry } from '../registry.ts';
import type { Trial } from './plan.ts';

/** What planning needs to know of a network on a data set. */
interface NetworkFacts {
  readonly network: Network;
  readonly checksum: string;
  readonly multiplyAdds: number;
}

/** Every pair of dataset and network that the trials name. */
export async function describeNetworks(
  trials: readonly Trial[],
  registry: Registry,
): Promise<ReadonlyMap<string, NetworkFacts>> {
  const facts = new Map<string, NetworkFacts>();
  const checksums = new Map<string, string>();
  for (const { dataset, network: model } of trials.map(({ spec }) => spec)) {
    const id = networkId(dataset, model);
    if (facts.has(id)) continue;
    const entry = registry.datasets.get(dataset)!;
    const checksum = checksums.get(dataset) ?? (await entry.load()).checksum;
    checksums.set(dataset, checksum);
    const network = registry.network(model).build(entry.shape);
    facts.set(id, { network, checksum, multiplyAdds: costOf(network).multiplyAdds.dense });
  }
  return facts;
}

/** Names a pair of network and data set. */
export function networkId(dataset: string, network: string): string {
  return `${network} on ${dataset}`;
}
