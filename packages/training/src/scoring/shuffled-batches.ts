import type { Batch, Dataset, Network, RandomStream } from '@prunebench/core';
import { batches } from '@prunebench/data';
import { byteGatherer } from '@prunebench/network';

/**
 * Batches of one split as fresh arrays. Without `count` one pass in which the last batch may be smaller; with it exactly so
 * many, in as many passes as that takes, each in an order of its own.
 */
export function* shuffledBatches(
  dataset: Dataset,
  network: Network,
  split: 'calibration' | 'train',
  random: RandomStream,
  options: { batchSize: number; count?: number },
): Generator<Batch, void, undefined> {
  const { size } = dataset.splits[split];
  let left = options.count ?? Math.ceil(size / options.batchSize);
  for (let pass = 0; left > 0; pass++) {
    const order = random.fork(String(pass)).permutation(size);
    const { batchSize } = options;
    const { inputShape } = network;
    for (const batch of batches(dataset.splits[split], { batchSize, inputShape, order, gather: byteGatherer() })) {
      yield batch;
      if (--left === 0) return;
    }
  }
}
