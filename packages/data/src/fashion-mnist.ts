import { deferredEntry } from './deferred-entry.ts';
import { idxDataset, idxNeeds } from './idx-dataset.ts';
import { readManifest } from './manifest.ts';
import type { SourceFolder } from './source-folder.ts';

/** Names the folder with the four gzipped IDX files, where they are not in Debian's place. */
const FOLDER_VARIABLE = 'PRUNEBENCH_FASHION_MNIST';

function locate(): SourceFolder {
  return {
    folder: process.env[FOLDER_VARIABLE] || '/usr/share/datasets/fashion-mnist',
    remedy:
      `Install Debian's package dataset-fashion-mnist ("apt-get install dataset-fashion-mnist"), or set ` +
      `${FOLDER_VARIABLE} to a folder with the four .gz files of https://github.com/zalandoresearch/fashion-mnist.`,
  };
}

const pairs = {
  train: { images: 'train-images-idx3-ubyte.gz', labels: 'train-labels-idx1-ubyte.gz' },
  test: { images: 't10k-images-idx3-ubyte.gz', labels: 't10k-labels-idx1-ubyte.gz' },
};

export const fashionMnist = deferredEntry('fashion-mnist', () =>
  idxDataset('fashion-mnist', readManifest('fashion-mnist', idxNeeds('fashion-mnist', pairs)), pairs, locate),
);
