import type { Citation } from '@prunebench/core';
import { conv2d, dense, flatten, type LayerAfter, maxPool2x2, relu, sequential } from '@prunebench/core/layers';
import type { ModelEntry } from './model.ts';

const frankle2019: Citation = {
  authors: 'Frankle, Carbin',
  title: 'The Lottery Ticket Hypothesis: Finding Sparse, Trainable Neural Networks',
  year: 2019,
  venue: 'ICLR 2019',
  url: 'https://arxiv.org/abs/1803.03635',
};

/** The small VGG-like networks of the lottery-ticket paper: pairs of 3x3 convolutions, each pair pooled, then 256-256. */
function convNetwork(pairs: readonly number[], size: ModelEntry['size']): ModelEntry {
  const depth = 2 * pairs.length;
  return {
    id: `conv-${depth}`,
    title: `Conv-${depth}`,
    citation: frankle2019,
    defaultDataset: 'cifar10',
    initializer: 'glorot-normal',
    loss: 'cross-entropy',
    size,
    layers: ({ classes }, width) =>
      sequential([
        ...pairs.flatMap((filters, pair): LayerAfter[] => [
          conv2d(`conv${2 * pair + 1}`, width(filters), 3),
          relu(`relu${2 * pair + 1}`),
          conv2d(`conv${2 * pair + 2}`, width(filters), 3),
          relu(`relu${2 * pair + 2}`),
          maxPool2x2(`pool${pair + 1}`),
        ]),
        flatten('flatten'),
        dense('fc1', width(256)),
        relu(`relu${depth + 1}`),
        dense('fc2', width(256)),
        relu(`relu${depth + 2}`),
        dense('fc3', classes),
      ]),
  };
}

export const conv2: ModelEntry = convNetwork([64], { weights: 4_300_992, trainable: 4_301_642 });
export const conv4: ModelEntry = convNetwork([64, 128], { weights: 2_425_024, trainable: 2_425_930 });
export const conv6: ModelEntry = convNetwork([64, 128, 256], { weights: 2_261_184, trainable: 2_262_602 });
