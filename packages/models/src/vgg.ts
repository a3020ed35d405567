import type { Citation } from '@prunebench/core';
import {
  batchNorm,
  conv2d,
  dense,
  flatten,
  type LayerAfter,
  maxPool2x2,
  relu,
  sequential,
} from '@prunebench/core/layers';
import type { ModelEntry } from './model.ts';

const simonyan2015: Citation = {
  authors: 'Simonyan, Zisserman',
  title: 'Very Deep Convolutional Networks for Large-Scale Image Recognition',
  year: 2015,
  venue: 'ICLR 2015',
  url: 'https://arxiv.org/abs/1409.1556',
};

/** Filters of each stage's convolutions. */
const stageFilters = [64, 128, 256, 512, 512];

/**
 * VGG for CIFAR as the pruning papers use it: batch norm after every convolution (which therefore has no bias),
 * five stages each closed by a 2x2 pooling, and one classifier layer on the last 512 features.
 *
 * @param convolutions how many convolutions each stage has
 */
function vgg(depth: number, convolutions: readonly number[], size: ModelEntry['size']): ModelEntry {
  return {
    id: `vgg-${depth}`,
    title: `VGG-${depth} (batch norm, one classifier layer)`,
    citation: simonyan2015,
    defaultDataset: 'cifar10',
    initializer: 'he-normal',
    loss: 'cross-entropy',
    size,
    layers: ({ classes }, width) =>
      sequential([
        ...convolutions.flatMap((count, stage) => [
          ...Array.from({ length: count }, (_, i): LayerAfter[] => {
            const suffix = `${stage + 1}-${i + 1}`;
            return [
              conv2d(`conv${suffix}`, width(stageFilters[stage]), 3, { useBias: false }),
              batchNorm(`bn${suffix}`),
              relu(`relu${suffix}`),
            ];
          }).flat(),
          maxPool2x2(`pool${stage + 1}`),
        ]),
        flatten('flatten'),
        dense('fc', classes),
      ]),
  };
}

export const vgg11: ModelEntry = vgg(11, [1, 1, 2, 2, 2], { weights: 9_222_848, trainable: 9_228_362 });
export const vgg16: ModelEntry = vgg(16, [2, 2, 3, 3, 3], { weights: 14_715_584, trainable: 14_724_042 });
export const vgg19: ModelEntry = vgg(19, [2, 2, 4, 4, 4], { weights: 20_024_000, trainable: 20_035_018 });
