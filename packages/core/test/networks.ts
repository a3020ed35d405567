import * as layers from '../src/graph/layers.ts';
import {
  type Activation,
  type BatchNorm,
  type Conv2d,
  type Dense,
  defineNetwork,
  type Layer,
  type Network,
} from '../src/index.ts';

export const { add } = layers;

/** A chain of dense layers fc1, fc2, ... with ReLU in between; `sizes` starts with the number of features. */
export function denseNetwork(sizes: readonly number[], activation: Activation['activation'] = 'relu'): Network {
  const layers: Layer[] = [];
  for (const [i, units] of sizes.slice(1).entries()) {
    const input = i === 0 ? 'input' : `act${i}`;
    layers.push(dense(`fc${i + 1}`, input, units));
    if (i < sizes.length - 2) layers.push(act(`act${i + 1}`, `fc${i + 1}`, activation));
  }
  return defineNetwork({ name: `dense-${sizes.join('-')}`, inputShape: [sizes[0]], layers });
}

export function dense(name: string, input: string, units: number, useBias = true): Dense {
  return layers.dense(name, units, { useBias })(input);
}

export function act(name: string, input: string, activation: Activation['activation'] = 'relu'): Activation {
  return layers.activation(name, activation)(input);
}

/** Without a bias unless said otherwise. */
export function conv(name: string, input: string, filters: number, more: Partial<Conv2d> = {}): Conv2d {
  return { ...layers.conv2d(name, filters, 3, { useBias: false })(input), ...more };
}

export function batchNorm(name: string, input: string): BatchNorm {
  return layers.batchNorm(name, { epsilon: 1e-3 })(input);
}

/** conv - BN - act, then a residual block whose shortcut is a strided, padded copy, then global average and a dense layer. */
export function residual(activation: Activation['activation']): Network {
  return defineNetwork({
    name: 'residual',
    inputShape: [6, 6, 2],
    layers: [
      conv('conv1', 'input', 3),
      batchNorm('bn1', 'conv1'),
      act('relu1', 'bn1', activation),
      { kind: 'subsamplePad', name: 'shortcut', inputs: ['relu1'], stride: 2, channels: 5 },
      conv('conv2', 'relu1', 4, { strides: [2, 2] }),
      batchNorm('bn2', 'conv2'),
      act('relu2', 'bn2', activation),
      conv('conv3', 'relu2', 5),
      batchNorm('bn3', 'conv3'),
      add('sum', 'bn3', 'shortcut'),
      act('relu3', 'sum', activation),
      { kind: 'globalAveragePool', name: 'pool', inputs: ['relu3'] },
      dense('fc', 'pool', 3),
    ],
  });
}

export const residualNetwork: Network = residual('relu');

const convolutional: Network = defineNetwork({
  name: 'convolutional',
  inputShape: [4, 4, 2],
  layers: [
    conv('conv1', 'input', 3, { useBias: true }),
    batchNorm('bn1', 'conv1'),
    act('relu1', 'bn1'),
    conv('conv2', 'relu1', 4),
    act('tanh2', 'conv2', 'tanh'),
    { kind: 'maxPool', name: 'pool', inputs: ['tanh2'], size: [2, 2], strides: [2, 2], padding: 'valid' },
    { kind: 'flatten', name: 'flat', inputs: ['pool'] },
    batchNorm('bn2', 'flat'),
    dense('fc1', 'bn2', 5),
    act('relu3', 'fc1'),
    dense('fc2', 'relu3', 2),
  ],
});

/** A depthwise and a grouped convolution between plain ones; a channel that two layers read. */
const grouped: Network = defineNetwork({
  name: 'grouped',
  inputShape: [6, 6, 2],
  layers: [
    conv('conv1', 'input', 4, { useBias: true }),
    act('relu1', 'conv1'),
    conv('depthwise', 'relu1', 8, { groups: 4 }),
    batchNorm('bn', 'depthwise'),
    conv('grouped', 'bn', 6, { groups: 2, useBias: true }),
    act('relu2', 'grouped'),
    conv('one', 'relu2', 3, { kernelSize: [1, 1] }),
    conv('other', 'relu2', 3, { kernelSize: [1, 1], useBias: true }),
    add('sum', 'one', 'other'),
    conv('conv2', 'sum', 3),
    { kind: 'avgPool', name: 'pool', inputs: ['conv2'], size: [2, 2], strides: [2, 2], padding: 'valid' },
    { kind: 'globalAveragePool', name: 'average', inputs: ['pool'] },
    dense('fc', 'average', 2),
  ],
});

/** One network of each kind of graph that removed weights leave their traces in. */
export const mixedNetworks: readonly Network[] = [
  denseNetwork([5, 6, 4, 2]),
  { ...denseNetwork([5, 6, 4, 1], 'sigmoid'), name: 'sigmoid' },
  convolutional,
  residualNetwork,
  grouped,
];
