import type { Citation } from '@prunebench/core';
import { batchNorm, conv2d, dense, flatten, maxPool2x2, relu, sequential } from '@prunebench/core/layers';
import type { ModelEntry } from './model.ts';

const lecun1998: Citation = {
  authors: 'LeCun, Bottou, Bengio, Haffner',
  title: 'Gradient-Based Learning Applied to Document Recognition',
  year: 1998,
  venue: 'Proceedings of the IEEE 86(11)',
  url: 'https://doi.org/10.1109/5.726791',
};

export const lenet300x100: ModelEntry = {
  id: 'lenet-300-100',
  title: 'LeNet-300-100',
  citation: lecun1998,
  defaultDataset: 'mnist',
  initializer: 'glorot-normal',
  loss: 'cross-entropy',
  size: { weights: 266_200, trainable: 266_610 },
  layers: ({ inputShape, classes }, width) =>
    sequential([
      ...(inputShape.length > 1 ? [flatten('flatten')] : []),
      dense('fc1', width(300)),
      relu('relu1'),
      dense('fc2', width(100)),
      relu('relu2'),
      dense('fc3', classes),
    ]),
};

/** LeNet-5 as Caffe ships it and the pruning papers use it: the only nonlinearity besides pooling follows fc1. */
export const lenet5Caffe: ModelEntry = {
  id: 'lenet-5-caffe',
  title: 'LeNet-5 (Caffe, 20-50-500)',
  citation: lecun1998,
  defaultDataset: 'mnist',
  initializer: 'glorot-normal',
  loss: 'cross-entropy',
  size: { weights: 430_500, trainable: 431_080 },
  layers: ({ classes }, width) =>
    sequential([
      conv2d('conv1', width(20), 5, { padding: 'valid' }),
      maxPool2x2('pool1'),
      conv2d('conv2', width(50), 5, { padding: 'valid' }),
      maxPool2x2('pool2'),
      flatten('flatten'),
      dense('fc1', width(500)),
      relu('relu1'),
      dense('fc2', classes),
    ]),
};

/** LeNet-300-100 with batch norm before each ReLU and no biases behind it, as papers on sparse training have it. */
export const lenet300x100Bn: ModelEntry = {
  id: 'lenet-300-100-bn',
  title: 'LeNet-300-100 with batch norm, without biases',
  citation: lecun1998,
  defaultDataset: 'mnist',
  initializer: 'he-normal',
  loss: 'cross-entropy',
  size: { weights: 266_200, trainable: 267_000 },
  layers: ({ inputShape, classes }, width) =>
    sequential([
      ...(inputShape.length > 1 ? [flatten('flatten')] : []),
      dense('fc1', width(300), { useBias: false }),
      batchNorm('bn1'),
      relu('relu1'),
      dense('fc2', width(100), { useBias: false }),
      batchNorm('bn2'),
      relu('relu2'),
      dense('fc3', classes, { useBias: false }),
    ]),
};

/** LeNet-5 of Caffe's sizes with a ReLU behind both convolutions too, as papers on Bayesian pruning and sparse training have it. */
export const lenet5Relu: ModelEntry = {
  id: 'lenet-5-relu',
  title: 'LeNet-5 (20-50-500) with ReLU after both convolutions',
  citation: lecun1998,
  defaultDataset: 'mnist',
  initializer: 'he-normal',
  loss: 'cross-entropy',
  size: { weights: 430_500, trainable: 431_080 },
  layers: ({ classes }, width) =>
    sequential([
      conv2d('conv1', width(20), 5, { padding: 'valid' }),
      relu('relu1'),
      maxPool2x2('pool1'),
      conv2d('conv2', width(50), 5, { padding: 'valid' }),
      relu('relu2'),
      maxPool2x2('pool2'),
      flatten('flatten'),
      dense('fc1', width(500)),
      relu('relu3'),
      dense('fc2', classes),
    ]),
};
