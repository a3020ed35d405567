import type { Citation } from '@prunebench/core';
import { activation, dense, flatten, relu, sequential } from '@prunebench/core/layers';
import type { ModelEntry } from './model.ts';

const woodFisher: Citation = {
  authors: 'Singh, Alistarh',
  title: 'WoodFisher: Efficient Second-Order Approximation for Neural Network Compression',
  year: 2020,
  venue: 'NeurIPS 2020',
  url: 'https://arxiv.org/abs/2004.14340',
};

const monks: Citation = {
  authors: 'Thrun et al.',
  title: "The MONK's Problems: A Performance Comparison of Different Learning Algorithms",
  year: 1991,
  venue: 'Technical report CMU-CS-91-197, Carnegie Mellon University',
  url: 'https://archive.ics.uci.edu/dataset/70/monk+s+problems',
};

/** The multilayer perceptron of WoodFisher's MNIST experiment; no layer has a bias. Its authors leave initialization to PyTorch. */
export const mlp784: ModelEntry = {
  id: 'mlp-784-40-20-10',
  title: 'MLP 784-40-20-10 without biases',
  citation: woodFisher,
  defaultDataset: 'mnist',
  initializer: 'fan-in-uniform',
  loss: 'cross-entropy',
  size: { weights: 32_360, trainable: 32_360 },
  layers: ({ inputShape, classes }, width) =>
    sequential([
      ...(inputShape.length > 1 ? [flatten('flatten')] : []),
      dense('fc1', width(40), { useBias: false }),
      relu('relu1'),
      dense('fc2', width(20), { useBias: false }),
      relu('relu2'),
      dense('fc3', classes, { useBias: false }),
    ]),
};

/**
 * The one-hidden-layer sigmoid networks on which optimal brain surgeon was shown (Hassibi and Stork 1993). Trained with
 * squared error: two classes share one sigmoid output, more classes get one sigmoid each.
 */
function monkNetwork(hidden: number, dataset: string, size: ModelEntry['size']): ModelEntry {
  return {
    id: `mlp-17-${hidden}-1`,
    title: `Sigmoid MLP 17-${hidden}-1`,
    citation: monks,
    defaultDataset: dataset,
    initializer: 'glorot-normal',
    loss: 'squared-error',
    size,
    layers: ({ classes }, width) =>
      sequential([
        dense('fc1', width(hidden)),
        activation('sigmoid1', 'sigmoid'),
        dense('fc2', classes === 2 ? 1 : classes),
        activation('sigmoid2', 'sigmoid'),
      ]),
  };
}

export const mlp17x3: ModelEntry = monkNetwork(3, 'monk1', { weights: 54, trainable: 58 });
export const mlp17x2: ModelEntry = monkNetwork(2, 'monk2', { weights: 36, trainable: 39 });
