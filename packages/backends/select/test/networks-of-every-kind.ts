import { type Conv2d, defineNetwork, INPUT, type Layer, type Network, type Pool } from '@prunebench/core';

const conv2d = (more: Partial<Conv2d> = {}): Layer => ({
  kind: 'conv2d',
  name: 'conv',
  inputs: [INPUT],
  filters: 4,
  kernelSize: [3, 3],
  strides: [1, 1],
  dilation: [1, 1],
  padding: 'same',
  groups: 1,
  useBias: true,
  ...more,
});

const pool = (kind: Pool['kind'], more: Partial<Pool> = {}): Layer => ({
  ...{ kind, name: 'pool', inputs: [INPUT], size: [2, 2], strides: [2, 2], padding: 'valid' },
  ...more,
});

const dense = (name: string, input: string, units: number): Layer => ({
  kind: 'dense',
  name,
  inputs: [input],
  units,
  useBias: true,
});

const batchNorm = (input: string): Layer => ({
  kind: 'batchNorm',
  name: 'norm',
  inputs: [input],
  epsilon: 1e-3,
  momentum: 0.9,
});

/** [8, 7, 4] -> the layers -> flatten -> [3]. */
function onImages(name: string, ...layers: readonly Layer[]): Network {
  const last: Layer = { kind: 'flatten', name: 'flat', inputs: [layers.at(-1)!.name] };
  return defineNetwork({ name, inputShape: [8, 7, 4], layers: [...layers, last, dense('out', 'flat', 3)] });
}

/** [6] -> 5 units -> the layers, which read `first` -> outputs. */
function onFeatures(name: string, layers: readonly Layer[], outputs = 3, loss?: Network['loss']): Network {
  const last = layers.at(-1)?.name ?? 'first';
  return defineNetwork({
    name,
    inputShape: [6],
    layers: [dense('first', INPUT, 5), ...layers, dense('out', last, outputs)],
    ...(loss ? { loss } : {}),
  });
}

const activation = (kind: 'relu' | 'tanh' | 'sigmoid'): Layer => ({
  kind: 'activation',
  name: kind,
  inputs: ['first'],
  activation: kind,
});

/**
 * Small networks that between them have every kind of layer, in its variants, and every loss; most are about one layer alone.
 * Dilated convolutions are missing: tfjs has no gradient of them on any backend.
 */
export const networksOfEveryKind: readonly Network[] = [
  ...(['relu', 'tanh', 'sigmoid'] as const).map((kind) => onFeatures(kind, [activation(kind)])),
  onFeatures('squared error', [activation('tanh')], 3, 'squared-error'),
  onFeatures('squared error of one output', [activation('tanh')], 1, 'squared-error'),
  onFeatures('batch norm of features', [batchNorm('first')]),
  onFeatures('dropout', [{ kind: 'dropout', name: 'drop', inputs: ['first'], rate: 0.5 }]),
  onFeatures('add', [activation('relu'), { kind: 'add', name: 'sum', inputs: ['relu', 'first'] }]),
  onImages('batch norm of images', batchNorm(INPUT)),
  onImages('max pooling', pool('maxPool')),
  onImages('max pooling that overlaps', pool('maxPool', { size: [3, 3], padding: 'same' })),
  onImages('average pooling', pool('avgPool')),
  onImages('average pooling that overlaps', pool('avgPool', { size: [3, 2], strides: [2, 1], padding: 'same' })),
  onImages('subsampling', { kind: 'subsamplePad', name: 'sub', inputs: [INPUT], stride: 2, channels: 6 }),
  defineNetwork({
    name: 'global average pooling',
    inputShape: [4, 4, 5],
    layers: [{ kind: 'globalAveragePool', name: 'mean', inputs: [INPUT] }, dense('out', 'mean', 3)],
  }),
  onImages('convolution', conv2d()),
  onImages('convolution with strides', conv2d({ strides: [2, 1], kernelSize: [5, 2], padding: 'valid' })),
  onImages('grouped convolution', conv2d({ groups: 2 })),
  onImages('depthwise convolution', conv2d({ groups: 4 })),
  onImages('convolution, batch norm and ReLU', conv2d({ useBias: false }), batchNorm('conv'), {
    kind: 'activation',
    name: 'relu',
    inputs: ['norm'],
    activation: 'relu',
  }),
];
