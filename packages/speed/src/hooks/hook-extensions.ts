/** What methods do to a training step, one kind at a time: the hooks whose cost is measured. */

import { type Network, prunableSpecs, randomStream, sizeOf } from '@prunebench/core';
import { type Extension, gradientArguments, type Noise, topKMask } from '@prunebench/network';
import * as tf from '@tensorflow/tfjs-core';
import { type ExtensionSubject, methodExtension } from '../method-extension.ts';

/** By how tables call them; each makes an extension for a network. */
export const hooks: Readonly<Record<string, (subject: ExtensionSubject) => Extension>> = {
  'nothing, behind every ReLU': () => ({ watches: isRelu, output: (_, y) => y }),
  'gates with noise for each example': () => ({
    watches: isRelu,
    output: (layer, y, { random }) => {
      const units = y.shape.length === 4 ? [y.shape[0], 1, 1, y.shape[3]] : y.shape;
      return tf.mul(y, tf.add(1, tf.mul(random.normal(layer.name, units), 0.1)));
    },
  }),
  'L2 penalty': (subject) => methodExtension('quadratic-penalty', {}, subject),
  'weight elimination': (subject) => methodExtension('weight-elimination', {}, subject),
  'group prox after the update': ({ network }) => ({
    afterUpdate: (parameters, { learningRate }) =>
      Object.fromEntries(prunableSpecs(network).map(({ name }) => [name, shrunk(parameters[name], learningRate)])),
  }),
  'straight-through top-k mask': ({ network }) => masked(network, (scores) => topKMask(scores, scores.size >> 1)),
  'straight-through Bernoulli mask': ({ network }) =>
    masked(network, (scores, name, random) => random.bernoulli(name, tf.sigmoid(scores))),
  'local reparametrisation (sparse VD)': (subject) => methodExtension('sparse-variational-dropout', {}, subject),
};

const isRelu = ({ kind }: { readonly kind: string }): boolean => kind === 'activation';

/** The proximal step of the l2,1 norm over the units of a kernel: columns shrink by their norms. */
function shrunk(kernel: tf.Tensor, learningRate: tf.Scalar): tf.Tensor {
  const columns = tf.reshape(kernel, [-1, kernel.shape[kernel.shape.length - 1]]);
  const norms = tf.sqrt(tf.add(tf.sum(tf.square(columns), 0), 1e-12));
  const scale = tf.relu(tf.sub(1, tf.div(tf.mul(learningRate, 1e-4), norms)));
  return tf.reshape(tf.mul(columns, scale), kernel.shape);
}

/** Scores of its own for every kernel, whose mask lets the gradient through. */
function masked(network: Network, mask: (scores: tf.Tensor, name: string, random: Noise) => tf.Tensor): Extension {
  const kernels = prunableSpecs(network);
  const random = randomStream(1);
  const through = (name: string, noise: Noise) =>
    tf.customGrad((...args) => ({
      value: mask(gradientArguments(args).tensors[0], name, noise),
      gradFunc: (dy: tf.Tensor) => dy,
    }));
  return {
    variables: Object.fromEntries(
      kernels.map(({ name, shape }) => [
        name,
        { value: { shape, values: Float32Array.from({ length: sizeOf(shape) }, () => random.normal()) } },
      ]),
    ),
    weight: (name, value, { variables, random: noise }) =>
      variables[name] ? tf.mul(value, through(name, noise)(variables[name])) : value,
  };
}
