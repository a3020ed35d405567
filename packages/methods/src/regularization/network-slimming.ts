/**
 * Network slimming (Liu et al. 2017): an L1 penalty on the scales γ of batch norms makes channels small that the network can do
 * without; those with the smallest |γ| of all layers go, and the rest is trained on.
 */
import {
  consumers,
  defineCriterion,
  defineMethod,
  type Network,
  type ParameterRecord,
  PrunebenchError,
  parameterSpecs,
  strengthAt,
} from '@prunebench/core';
import { defineExtension, gradientArguments, type ParameterTensors } from '@prunebench/network';
import { scoreUnits } from '@prunebench/signals';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

const options = z.strictObject({
  strength: z.number().min(0).default(1e-4).describe('λ'),
  proximal: z
    .boolean()
    .default(false)
    .describe('a proximal step after each update, which makes exact zeros; without it the subgradient λ sign(γ)'),
});

/** |x| whose gradient at 0 is 0; that of tf.abs is -1 there, which pushes exact zeros away. */
const absolute = tf.customGrad((...args) => {
  const [x] = gradientArguments(args).tensors;
  return { value: tf.abs(x), gradFunc: (dy: tf.Tensor) => tf.mul(dy, tf.sign(x)) };
});

export const slimmingExtension = defineExtension({
  id: 'network-slimming',
  title: 'Network slimming: L1 on the scales of batch norms',
  citation: 'liu2017slimming',
  options,
  create({ strength, proximal }, { network }) {
    const scales = scalesOf(network);
    const shrunk = (gamma: tf.Tensor, by: tf.Tensor) => tf.mul(tf.sign(gamma), tf.relu(tf.sub(tf.abs(gamma), by)));
    if (proximal)
      return {
        afterUpdate: (parameters, { learningRate }) =>
          Object.fromEntries(scales.map((name) => [name, shrunk(parameters[name], tf.mul(learningRate, strength))])),
      };
    return {
      penalty: (parameters: ParameterTensors) =>
        tf.mul(tf.addN(scales.map((name) => tf.sum(absolute(parameters[name])))), strength),
    };
  },
});

/** @throws PrunebenchError for a network without batch norm */
function scalesOf(network: Network): readonly string[] {
  const scales = parameterSpecs(network).filter(({ role }) => role === 'gamma');
  if (scales.length > 0) return scales.map(({ name }) => name);
  throw new PrunebenchError(`Network ${network.name} has no batch norm, whose scales network slimming penalises.`, {
    remedy: 'Choose a network with batch norm, such as resnet-20 or vgg-11.',
  });
}

export const batchNormScale = defineCriterion({
  id: 'batch-norm-scale',
  title: 'Scale of the batch norm behind a filter',
  citation: 'liu2017slimming',
  taxonomy: 'regularization',
  options: z.strictObject({}),
  granularity: ['unit'],
  needs: ['weights'],
  when: 'trained',
  score: ({ network, parameters }) =>
    scoreUnits(network, ({ layer }) => Float64Array.from(scaleBehind(network, parameters, layer), Math.abs)),
});

function scaleBehind(network: Network, parameters: ParameterRecord, layer: string): Float32Array {
  const batchNorm = consumers(network, layer).find(({ kind }) => kind === 'batchNorm');
  if (batchNorm) return parameters[`${batchNorm.name}/gamma`].values;
  throw new PrunebenchError(`No batch norm reads layer ${layer} of network ${network.name}.`, {
    remedy: 'Choose a network with batch norm behind every layer whose units may go, such as resnet-20.',
  });
}

/** Training with the penalty, one cut over all layers, and the rest of the training; the point of the axis is the strength. */
export const networkSlimming = defineMethod({
  id: 'network-slimming',
  title: 'Network slimming',
  citation: 'liu2017slimming',
  taxonomy: 'regularization',
  options: options.omit({ strength: true }).extend({
    units: z.number().min(0).lt(1).default(0.4).describe('share of the units that goes'),
  }),
  steps: ({ pretrain, retrain, at, options: { units, proximal } }) => {
    if (!pretrain)
      throw new PrunebenchError('Network slimming needs a training to put its penalty in.', {
        remedy: 'Declare a pretrain.',
      });
    const extension = { id: slimmingExtension.id, options: { strength: strengthAt(at), proximal } };
    const prune = { criterion: batchNormScale.id, sparsity: units, granularity: 'unit', scope: 'global' };
    return [
      { kind: 'train', options: { ...pretrain, extensions: [extension] } },
      { kind: 'prune', options: prune },
      ...(retrain ? [{ kind: 'train', options: retrain }] : []),
    ];
  },
});
