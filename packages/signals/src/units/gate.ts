import { consumers, type Network } from '@prunebench/core';

/** The layer whose output is what a kernel's units give: behind the batch norm and the activation that nobody else reads past. */
export function gateOf(network: Network, layer: string): string {
  const readers = consumers(network, layer);
  const [next] = readers;
  if (readers.length !== 1 || (next.kind !== 'batchNorm' && next.kind !== 'activation')) return layer;
  return gateOf(network, next.name);
}
