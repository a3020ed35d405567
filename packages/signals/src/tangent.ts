import {
  type Activation,
  type Add,
  type BatchNorm,
  INPUT,
  type Layer,
  type Network,
  type Pool,
  PrunebenchError,
} from '@prunebench/core';
import { ofRank, withoutGradient } from '@prunebench/network';
import * as tf from '@tensorflow/tfjs-core';
import type { Statistics } from './batch-statistics.ts';
import { applyLayer } from './tensors.ts';

/** A value and its directional derivative. */
export interface Dual {
  readonly value: tf.Tensor;
  /** d value / d epsilon at parameters + epsilon * direction; of the value's shape. */
  readonly tangent: tf.Tensor;
}

type Tensors = Readonly<Record<string, tf.Tensor>>;

/**
 * The network's outputs and their derivative along a direction of its kernels (forward-mode differentiation): every layer
 * passes on its value and its tangent,
 *
 *     y = W x + b,    y' = W x' + W' x         (dense, convolution)
 *     y = f(x),       y' = f'(x) * x'          (nonlinearity)
 *
 * Both are made of operations whose gradients are right in tfjs, and no operation is differentiated twice: what depends on
 * the kernels through a kink (which inputs a ReLU lets pass, which one a maximum takes) is constant almost everywhere and
 * enters as a constant. Dropout drops nothing.
 *
 * @param direction by kernel name
 * @param statistics of batch norm
 * @throws PrunebenchError for pooling windows that overlap, where one is a maximum
 */
export function tangentForward(
  network: Network,
  parameters: Tensors,
  direction: Tensors,
  x: tf.Tensor,
  statistics: Statistics = 'batch',
): Dual {
  const duals = new Map<string, Dual>([[INPUT, { value: x, tangent: tf.zerosLike(x) }]]);
  let last = duals.get(INPUT)!;
  for (const layer of network.layers) {
    const inputs = layer.inputs.map((name) => duals.get(name)!);
    last = layer.kind === 'add' ? add(inputs) : passOn(layer, inputs[0], parameters, direction, statistics);
    duals.set(layer.name, last);
  }
  return last;
}

const add = ([a, b]: readonly Dual[]): Dual => ({
  value: tf.add(a.value, b.value),
  tangent: tf.add(a.tangent, b.tangent),
});

function passOn(
  layer: Exclude<Layer, Add>,
  x: Dual,
  parameters: Tensors,
  direction: Tensors,
  statistics: Statistics,
): Dual {
  switch (layer.kind) {
    case 'dense':
    case 'conv2d':
      return affine(layer, x, parameters, direction);
    case 'batchNorm':
      return statistics === 'batch' ? batchNorm(layer, x, parameters) : batchNormRunning(layer, x, parameters);
    case 'activation':
      return nonlinearity(layer.activation, x);
    case 'maxPool':
      return maxPool(layer, x);
    case 'dropout':
      return x;
    case 'avgPool':
    case 'globalAveragePool':
    case 'flatten':
    case 'subsamplePad':
      return { value: applyLayer(layer, x.value, parameters), tangent: applyLayer(layer, x.tangent, parameters) };
  }
}

function affine(
  layer: Extract<Layer, { useBias: boolean }>,
  { value, tangent }: Dual,
  parameters: Tensors,
  direction: Tensors,
): Dual {
  const linear = { ...layer, useBias: false };
  const name = `${layer.name}/kernel`;
  return {
    value: applyLayer(layer, value, parameters),
    tangent: tf.add(applyLayer(linear, tangent, parameters), applyLayer(linear, value, { [name]: direction[name] })),
  };
}

/** n = (x - mean) / s, s^2 = variance + epsilon:  n' = (x' - mean' - n * mean(n x')) / s, as sum n = 0. */
function batchNorm({ name, epsilon }: BatchNorm, { value, tangent }: Dual, parameters: Tensors): Dual {
  const axes = value.shape.map((_, axis) => axis).slice(0, -1);
  const centred = tf.sub(value, tf.mean(value, axes, true));
  const reciprocal = tf.rsqrt(tf.add(tf.mean(tf.square(centred), axes, true), epsilon));
  const normalised = tf.mul(centred, reciprocal);
  const projection = tf.mean(tf.mul(normalised, tangent), axes, true);
  const gamma = parameters[`${name}/gamma`];
  const change = tf.sub(tf.sub(tangent, tf.mean(tangent, axes, true)), tf.mul(normalised, projection));
  return {
    value: tf.add(tf.mul(normalised, gamma), parameters[`${name}/beta`]),
    tangent: tf.mul(tf.mul(change, reciprocal), gamma),
  };
}

/** n = (x - mean) / s with running mean and s, which do not depend on x:  n' = x' / s. */
function batchNormRunning(layer: BatchNorm, { value, tangent }: Dual, parameters: Tensors): Dual {
  const { name, epsilon } = layer;
  const reciprocal = tf.rsqrt(tf.add(parameters[`${name}/movingVariance`], epsilon));
  return {
    value: applyLayer(layer, value, parameters),
    tangent: tf.mul(tangent, tf.mul(reciprocal, parameters[`${name}/gamma`])),
  };
}

function nonlinearity(kind: Activation['activation'], { value: x, tangent }: Dual): Dual {
  switch (kind) {
    case 'relu':
      return {
        value: tf.relu(x),
        tangent: tf.mul(
          tangent,
          withoutGradient(x, (z) => tf.step(z)),
        ),
      };
    case 'tanh': {
      const value = tf.tanh(x);
      return { value, tangent: tf.mul(tangent, tf.sub(1, tf.square(value))) };
    }
    case 'sigmoid': {
      const value = tf.sigmoid(x);
      return { value, tangent: tf.mul(tangent, tf.sub(value, tf.square(value))) };
    }
  }
}

/** The tangent of a maximum is that of the input that takes it; of several that tie, their mean. */
function maxPool(layer: Pool, { value, tangent }: Dual): Dual {
  const x = windows(layer, ofRank(value, 4));
  const share = withoutGradient(x, shareOfMaximum);
  const pick = (of: tf.Tensor) => tf.sum(tf.mul(of, share), [2, 4]);
  return { value: pick(x), tangent: pick(windows(layer, ofRank(tangent, 4))) };
}

/** 1 for the largest of a window, 1/k for each of k that tie, 0 for the others. */
function shareOfMaximum(x: tf.Tensor): tf.Tensor {
  const takes = tf.cast(tf.equal(x, tf.max(x, [2, 4], true)), 'float32');
  return tf.div(takes, tf.sum(takes, [2, 4], true));
}

/** [N, H, W, C] cut into windows that do not overlap: [N, H', height, W', width, C]. */
function windows({ name, size: [height, width], strides, padding }: Pool, x: tf.Tensor4D): tf.Tensor {
  const [examples, rows, columns, channels] = x.shape;
  const [down, across] = [Math.floor(rows / height), Math.floor(columns / width)];
  const fits = padding === 'valid' || (rows % height === 0 && columns % width === 0);
  if (strides[0] !== height || strides[1] !== width || !fits)
    throw new PrunebenchError(
      `Second derivatives through layer ${name} are not available: its pooling windows overlap.`,
      {
        remedy: 'Use a network whose maximum pooling has strides equal to its window, or another criterion.',
      },
    );
  const inside = tf.slice(x, [0, 0, 0, 0], [examples, down * height, across * width, channels]);
  return tf.reshape(inside, [examples, down, height, across, width, channels]);
}
