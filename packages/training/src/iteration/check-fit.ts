import { type Dataset, type Network, PrunebenchError, sizeOf } from '@prunebench/core';

/** @throws PrunebenchError for a data set without training examples, or whose examples are not what the network takes */
export function checkFit(network: Network, dataset: Dataset): void {
  if (dataset.splits.train.size === 0)
    throw new PrunebenchError(`Dataset ${dataset.id} has no training examples.`, {
      remedy: 'Choose another split of it.',
    });
  if (sizeOf(network.inputShape) !== sizeOf(dataset.inputShape))
    throw new PrunebenchError(
      `Network ${network.name} takes inputs [${network.inputShape}], but dataset ${dataset.id} has [${dataset.inputShape}].`,
      { remedy: 'Choose a network that is made for this dataset.' },
    );
}
