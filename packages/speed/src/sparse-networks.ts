import { setThreads } from '@prunebench/backend-native';
import { costOf, type Masks, type Network, prunableSpecs, randomStream, sizeOf } from '@prunebench/core';
import { initializeParameters } from '@prunebench/network';
import { compile, denseNetwork } from '@prunebench/sparse';
import type { SparsePeer } from './sparse-peer.ts';
import { ratioColumns, type SparseRow } from './sparse-rows.ts';
import { faster, milliseconds, ours, ratioOf, takeTurns, theirs } from './turns.ts';

/** Every kernel pruned at random to the same sparsity, the first and last included: the theoretical speed-up is 1 / density. */
export function uniformMasks(network: Network, sparsity: number): Masks {
  return Object.fromEntries(
    prunableSpecs(network).map(({ name, shape }) => {
      const size = sizeOf(shape);
      const mask = new Uint8Array(size);
      const order = randomStream(0, `masks/${name}`).permutation(size);
      for (const i of order.subarray(0, Math.max(1, Math.round(size * (1 - sparsity))))) mask[i] = 1;
      return [name, mask];
    }),
  );
}

export interface NetworkCase {
  readonly what: 'inference' | 'layer';
  /** Of the row. */
  readonly name: string;
  readonly network: Network;
  /** The name under which the peer has it, if it has. */
  readonly peerName?: string;
  /** Compressed rows whatever is faster, to see where they are. */
  readonly format?: 'csr';
}

/** A pruned network against itself dense, on both kinds of dense kernels that we have, and against PyTorch's dense network. */
export async function measureNetwork(
  { what, name, network, peerName, format }: NetworkCase,
  { sparsity, batchSize }: { sparsity: number; batchSize: number },
  { peer, threads, rounds }: { peer: SparsePeer | undefined; threads: number; rounds: number },
): Promise<SparseRow> {
  setThreads(threads);
  const random = randomStream(0, 'networks');
  const parameters = initializeParameters(network, random, 'he-normal');
  const masks = uniformMasks(network, sparsity);
  const compiled = await compile(network, parameters, masks, { batchSize, ...(format ? { format } : {}) });
  const backend = denseNetwork(network, parameters, {}, batchSize);
  const tiles = await compile(network, parameters, {}, { batchSize, format: 'dense' });
  const batch = Float32Array.from({ length: batchSize * sizeOf(network.inputShape) }, () => random.normal());
  const request = { job: 'eval', network: peerName ?? '', batchSize } as const;
  const torch = peerName === undefined ? undefined : peer;
  const slices = await takeTurns(
    {
      ours: ours(() => void compiled.run(batch)),
      backend: ours(() => void backend.run(batch)),
      tiles: ours(() => void tiles.run(batch)),
      nchw: theirs(torch, { ...request, layout: 'nchw' }),
      channelsLast: theirs(torch, { ...request, layout: 'channels_last' }),
    },
    rounds,
  );
  for (const runner of [compiled, backend, tiles]) runner.dispose();
  const own = slices.ours!;
  const dense = faster(slices.backend, slices.tiles);
  const best = faster(slices.nchw, slices.channelsLast);
  return {
    what,
    name,
    batchSize,
    threads,
    sparsity,
    format: format ?? compiled.kind,
    ourMilliseconds: milliseconds(own)!,
    denseMilliseconds: milliseconds(dense),
    torchMilliseconds: milliseconds(best),
    torchSparseMilliseconds: null,
    scipyMilliseconds: null,
    theoretical: costOf(network, masks).theoreticalSpeedup,
    ...ratioColumns(ratioOf(dense, own), ratioOf(best, own), null, null),
  };
}
