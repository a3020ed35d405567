import { type Activation, type Conv2d, defineNetwork, INPUT, type Layer, type Network } from '@prunebench/core';
import * as layers from '@prunebench/core/layers';

const relu = (name: string, input: string): Layer => layers.relu(name)(input);

const dense = (name: string, input: string, units: number, useBias = true): Layer =>
  layers.dense(name, units, { useBias })(input);

const conv3x3 = (name: string, input: string, filters: number, padding: Conv2d['padding'] = 'same'): Layer =>
  layers.conv2d(name, filters, 3, { padding })(input);

const batchNorm = (name: string, input: string): Layer => layers.batchNorm(name, { epsilon: 1e-3 })(input);

/** Dense layers fc1, fc2, ... of the given sizes, the input's first; a nonlinearity after all but the last. */
export function mlp(
  sizes: readonly number[],
  { activation = 'relu', useBias = true }: { activation?: Activation['activation']; useBias?: boolean } = {},
): Network {
  const chain: Layer[] = [];
  let input = INPUT;
  sizes.slice(1).forEach((units, i) => {
    if (i > 0) {
      chain.push(layers.activation(`act${i}`, activation)(input));
      input = `act${i}`;
    }
    chain.push(dense(`fc${i + 1}`, input, units, useBias));
    input = `fc${i + 1}`;
  });
  return defineNetwork({ name: `mlp-${sizes.join('-')}`, inputShape: [sizes[0]], layers: chain });
}

/** [8, 8, 2] -> conv1, bn1, ReLU, max pooling, conv2 (valid), ReLU, flatten, fc1, ReLU, fc2 -> [3]. */
export function convNet(): Network {
  return defineNetwork({
    name: 'conv-net',
    inputShape: [8, 8, 2],
    layers: [
      conv3x3('conv1', INPUT, 4),
      batchNorm('bn1', 'conv1'),
      relu('relu1', 'bn1'),
      layers.maxPool2x2('pool1')('relu1'),
      conv3x3('conv2', 'pool1', 5, 'valid'),
      relu('relu2', 'conv2'),
      layers.flatten('flatten')('relu2'),
      dense('fc1', 'flatten', 6),
      relu('relu3', 'fc1'),
      dense('fc2', 'relu3', 3),
    ],
  });
}

/** [6, 6, 3] -> stem, a block of two convolutions around an identity shortcut, global average pooling, fc -> [3]. */
export function residualNet(): Network {
  return defineNetwork({
    name: 'residual-net',
    inputShape: [6, 6, 3],
    layers: [
      conv3x3('stem', INPUT, 4),
      batchNorm('bn0', 'stem'),
      relu('relu0', 'bn0'),
      conv3x3('conv1', 'relu0', 5),
      batchNorm('bn1', 'conv1'),
      relu('relu1', 'bn1'),
      conv3x3('conv2', 'relu1', 4),
      batchNorm('bn2', 'conv2'),
      layers.add('add', 'bn2', 'relu0'),
      relu('relu2', 'add'),
      layers.globalAveragePool('pool')('relu2'),
      dense('fc', 'pool', 3),
    ],
  });
}
