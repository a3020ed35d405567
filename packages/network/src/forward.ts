import {
  type Conv2d,
  channelsBefore,
  INPUT,
  type Layer,
  type Network,
  outputLayer,
  type SubsamplePad,
  sizeOf,
} from '@prunebench/core';
import * as tf from '@tensorflow/tfjs-core';
import type { ForwardHooks, ParameterTensors } from './forward-hooks.ts';
import { type FusedLayer, fuse, type Watched } from './fuse.ts';
import type { Noise } from './noise.ts';
import { batchNormTraining } from './ops/batch-norm.ts';
import { ofRank } from './ops/of-rank.ts';

export interface ForwardOptions {
  /** Batch statistics and dropout instead of running statistics. */
  readonly training?: boolean;
  /** Called in this order, each with what the one before has made. */
  readonly hooks?: readonly ForwardHooks[];
  /** Receives each batch norm's mean and biased variance of this batch (training only). */
  readonly onStatistics?: (layer: string, mean: tf.Tensor1D, variance: tf.Tensor1D) => void;
  /** Needed when the network has dropout and `training` is set. */
  readonly noise?: Noise;
}

/**
 * The network's output (logits) for a batch [N, ...inputShape].
 *
 * Neighbouring layers run fused (convolution + ReLU, batch norm + residual + ReLU) where no hook watches one of them; the
 * numbers are the same up to rounding.
 */
export function forward(
  network: Network,
  parameters: ParameterTensors,
  x: tf.Tensor,
  options: ForwardOptions = {},
): tf.Tensor {
  const hooks = options.hooks ?? [];
  const weight = (name: string): tf.Tensor =>
    hooks.reduce((value, hook) => hook.weight?.(name, value) ?? value, parameters[name]);
  const outputs = new Map<string, tf.Tensor>([[INPUT, x]]);
  for (const fused of fuse(network, watchedBy(hooks))) {
    const inputs = fused.inputs.map((name) => outputs.get(name)!);
    const y = replaced(fused.layer, inputs, hooks, () => computeLayer(fused, inputs, weight, options));
    outputs.set(fused.output, changed(fused.last, y, hooks));
  }
  return outputs.get(outputLayer(network).name)!;
}

const watches = (hook: ForwardHooks, layer: Layer): boolean => hook.watches?.(layer) ?? true;

/** Undefined where no hook looks at layers. */
function watchedBy(hooks: readonly ForwardHooks[]): Watched | undefined {
  if (!hooks.some((hook) => hook.layer || hook.output)) return undefined;
  return {
    alone: (layer) => hooks.some((hook) => hook.layer && watches(hook, layer)),
    read: (layer) => hooks.some((hook) => hook.output && watches(hook, layer)),
  };
}

function replaced(
  layer: Layer,
  inputs: readonly tf.Tensor[],
  hooks: readonly ForwardHooks[],
  compute: () => tf.Tensor,
): tf.Tensor {
  return hooks.reduce(
    (next, hook) => (hook.layer && watches(hook, layer) ? () => hook.layer!(layer, inputs, next) : next),
    compute,
  )();
}

function changed(layer: Layer, y: tf.Tensor, hooks: readonly ForwardHooks[]): tf.Tensor {
  return hooks.reduce((value, hook) => (watches(hook, layer) ? (hook.output?.(layer, value) ?? value) : value), y);
}

const ACTIVATIONS = { relu: tf.relu, tanh: tf.tanh, sigmoid: tf.sigmoid };

type WeightOf = (name: string) => tf.Tensor;

/** One layer with what is fused to it, over batches in their usual layout (NHWC, or [N, features]). */
export function computeLayer(
  fused: FusedLayer,
  inputs: readonly tf.Tensor[],
  weight: WeightOf,
  options: ForwardOptions,
): tf.Tensor {
  const { layer } = fused;
  const [x] = inputs;
  switch (layer.kind) {
    case 'dense':
      return tf.fused.matMul({
        a: ofRank(x, 2),
        b: ofRank(weight(`${layer.name}/kernel`), 2),
        ...biasAndActivation(layer, fused, weight),
      });
    case 'conv2d':
      return convolution(layer, fused, ofRank(x, 4), weight);
    case 'batchNorm':
      return batchNorm(fused, layer.name, layer.epsilon, inputs, weight, options);
    case 'activation':
      return ACTIVATIONS[layer.activation](x);
    case 'maxPool':
      return tf.maxPool(ofRank(x, 4), [...layer.size], [...layer.strides], layer.padding);
    case 'avgPool':
      return tf.avgPool(ofRank(x, 4), [...layer.size], [...layer.strides], layer.padding);
    case 'globalAveragePool':
      return tf.mean(x, [1, 2]);
    case 'flatten':
      return tf.reshape(x, [x.shape[0], sizeOf(x.shape.slice(1))]);
    case 'add':
      return tf.add(x, inputs[1]);
    case 'subsamplePad':
      return subsamplePad(layer, ofRank(x, 4));
    case 'dropout':
      return options.training ? dropout(x, layer.name, layer.rate, options.noise) : x;
  }
}

function biasAndActivation(layer: { name: string; useBias: boolean }, fused: FusedLayer, weight: WeightOf) {
  return {
    ...(layer.useBias ? { bias: weight(`${layer.name}/bias`) } : {}),
    ...(fused.relu ? { activation: 'relu' as const } : {}),
  };
}

function convolution(layer: Conv2d, fused: FusedLayer, x: tf.Tensor4D, weight: WeightOf): tf.Tensor {
  const kernel = ofRank(weight(`${layer.name}/kernel`), 4);
  const strides: [number, number] = [...layer.strides];
  const dilations: [number, number] = [...layer.dilation];
  const extras = biasAndActivation(layer, fused, weight);
  if (layer.groups === 1)
    return tf.fused.conv2d({ x, filter: kernel, strides, dilations, pad: layer.padding, ...extras });
  const y = grouped(layer, x, kernel, strides, dilations);
  const biased = extras.bias ? tf.add(y, extras.bias) : y;
  return extras.activation ? tf.relu(biased) : biased;
}

function grouped(
  layer: Conv2d,
  x: tf.Tensor4D,
  kernel: tf.Tensor4D,
  strides: [number, number],
  dilations: [number, number],
): tf.Tensor {
  const { groups, filters, padding } = layer;
  if (groups === x.shape[3]) {
    // Depthwise: output c * m + q is filter q of input channel c, which is the order of [height, width, channels, m].
    const perChannel = ofRank(tf.reshape(kernel, [kernel.shape[0], kernel.shape[1], groups, filters / groups]), 4);
    return tf.depthwiseConv2d(x, perChannel, strides, padding, 'NHWC', dilations);
  }
  const kernels = tf.split(kernel, groups, 3);
  const parts = tf.split(x, groups, 3);
  return tf.concat(
    parts.map((part, g) => tf.conv2d(ofRank(part, 4), ofRank(kernels[g], 4), strides, padding, 'NHWC', dilations)),
    3,
  );
}

function batchNorm(
  fused: FusedLayer,
  name: string,
  epsilon: number,
  inputs: readonly tf.Tensor[],
  weight: WeightOf,
  options: ForwardOptions,
): tf.Tensor {
  const [x, residual] = inputs;
  const gamma = ofRank(weight(`${name}/gamma`), 1);
  const beta = ofRank(weight(`${name}/beta`), 1);
  if (options.training) {
    const { y, mean, variance } = batchNormTraining(x, gamma, beta, { epsilon, relu: fused.relu, residual });
    options.onStatistics?.(name, mean, variance);
    return y;
  }
  const mean = ofRank(weight(`${name}/movingMean`), 1);
  const variance = ofRank(weight(`${name}/movingVariance`), 1);
  const normalised = tf.batchNorm(x, mean, variance, beta, gamma, epsilon);
  const y = residual ? tf.add(normalised, residual) : normalised;
  return fused.relu ? tf.relu(y) : y;
}

function subsamplePad(layer: SubsamplePad, x: tf.Tensor4D): tf.Tensor {
  const { stride, channels } = layer;
  // A window of one pixel: stridedSlice would be the plain way, but it has no gradient.
  const subsampled = stride === 1 ? x : tf.avgPool(x, 1, stride, 'valid');
  const before = channelsBefore(layer, x.shape[3]);
  const after = channels - x.shape[3] - before;
  return tf.pad(subsampled, [
    [0, 0],
    [0, 0],
    [0, 0],
    [before, after],
  ]);
}

function dropout(x: tf.Tensor, name: string, rate: number, noise: Noise | undefined): tf.Tensor {
  if (!noise) throw new Error(`forward: layer ${name} is dropout and training needs noise`);
  const kept = noise.bernoulli(`dropout/${name}`, tf.fill(x.shape, 1 - rate));
  return tf.mul(x, tf.mul(kept, 1 / (1 - rate)));
}
