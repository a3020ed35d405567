/**
 * Sparse variational dropout (Molchanov, Ashukha & Vetrov 2017). Every weight is a Gaussian w = θ + σ ε; under the log-uniform prior a weight
 * that carries no information gets a noise α = σ² / θ² that grows without bound, and goes: log α >= 3 is a dropout rate of 95 %.
 */
import {
  applyMasks,
  type Conv2d,
  type Dense,
  defineMethod,
  type Layer,
  type ParameterRecord,
  prunableSpecs,
  type State,
  sizeOf,
  strengthAt,
} from '@prunebench/core';
import { defineExtension, type ExtensionVariable, type HookContext, withoutGradient } from '@prunebench/network';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

const ID = 'sparse-variational-dropout';

const options = z.strictObject({
  strength: z.number().min(0).default(1).describe('of the divergence in the loss; 1 is the variational bound'),
  threshold: z.number().default(3).describe('log α from which a weight goes'),
  initialLogVariance: z.number().default(-10).describe('log σ² at the start'),
  clip: z.number().positive().default(8).describe('log α is cut to ± this'),
  clipInTraining: z.boolean().default(true).describe('the mean of weights beyond the threshold is 0 in training too'),
  warmup: z
    .tuple([z.number().min(0).max(1), z.number().min(0).max(1)])
    .default([0.025, 0.1])
    .describe('shares of the training between which the strength rises from 0'),
});

/** Keeps log and the square root away from 0. */
const TINY = 1e-8;

/** log α = log σ² - log θ², cut to ± clip. */
export function logAlpha(theta: tf.Tensor, logVariance: tf.Tensor, clip: number): tf.Tensor {
  return tf.clipByValue(tf.sub(logVariance, tf.log(tf.add(tf.square(theta), TINY))), -clip, clip);
}

/** 1 where log α lies below the threshold, as σ² < e^threshold θ²; a constant. */
function informative(theta: tf.Tensor, variance: tf.Tensor, threshold: number): tf.Tensor {
  return withoutGradient(variance, (v) =>
    tf.cast(tf.less(v, tf.mul(tf.add(tf.square(theta), TINY), Math.exp(threshold))), 'float32'),
  );
}

/**
 * The divergence from the prior, summed over weights, up to a constant: their approximation (equation 14),
 *
 *     Σ k1 (1 - σ(k2 + k3 log α)) + ½ log(1 + 1/α)
 *
 * with its derivative by log α, which needs half of the passes over the weights that one found term by term would.
 */
export const divergence = tf.customGrad((logAlphas, save) => {
  const [k1, k2, k3] = [0.63576, 1.8732, 1.48695];
  const sigmoid = tf.sigmoid(tf.add(tf.mul(logAlphas as tf.Tensor, k3), k2));
  const inverse = tf.exp(tf.neg(logAlphas as tf.Tensor));
  const larger = tf.add(inverse, 1);
  (save as tf.GradSaveFunc)([sigmoid, inverse, larger]);
  const near = tf.mul(tf.sub((logAlphas as tf.Tensor).size, tf.sum(sigmoid)), k1);
  return {
    value: tf.add(near, tf.mul(tf.sum(tf.log(larger)), 0.5)),
    gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
      const [s, e, u] = saved;
      const fall = tf.add(tf.mul(tf.mul(s, tf.sub(1, s)), k1 * k3), tf.mul(tf.div(e, u), 0.5));
      return tf.mul(fall, tf.neg(dy));
    },
  };
});

export const sparseVariationalDropoutExtension = defineExtension({
  id: ID,
  title: 'Sparse variational dropout',
  citation: 'molchanov2017sparseVd',
  revision: 2,
  options,
  create({ strength, threshold, initialLogVariance, clip, clipInTraining, warmup: [from, to] }, start) {
    const kernels = prunableSpecs(start.network);
    const variables: Record<string, ExtensionVariable> = {};
    for (const { name, shape } of kernels) {
      const values = new Float32Array(sizeOf(shape)).fill(initialLogVariance);
      variables[name] = { value: { shape, values } };
    }
    const alphaOf = (name: string, { parameters, variables: own }: Pick<HookContext, 'parameters' | 'variables'>) =>
      logAlpha(parameters[name], own[name], clip);
    return {
      variables,
      scalars: (update) => ({ strength: strength * rise(update / start.totalUpdates, from, to) }),
      watches: isLinear,
      /** Local reparametrisation: noise on what the layer gives, not on its weights (Kingma et al. 2015). */
      layer(layer, [x], next, context) {
        if (!isLinear(layer)) return next();
        const name = `${layer.name}/kernel`;
        const theta = context.parameters[name];
        const variance = tf.exp(context.variables[name]);
        const clipped = !context.training || clipInTraining;
        const mean = linear(layer, x, clipped ? tf.mul(theta, informative(theta, variance, threshold)) : theta);
        const biased = layer.useBias ? tf.add(mean, context.parameters[`${layer.name}/bias`]) : mean;
        if (!context.training) return biased;
        const deviation = tf.sqrt(tf.add(linear(layer, tf.square(x), variance), TINY));
        return tf.add(biased, tf.mul(deviation, context.random.normal(layer.name, mean.shape)));
      },
      /** Per example, as the mean loss is. */
      penalty(_, context) {
        const sum = tf.addN(kernels.map(({ name }) => divergence(alphaOf(name, context))));
        return tf.mul(sum, tf.div(context.scalars.strength, start.trainingExamples)) as tf.Scalar;
      },
      finish: (state, own) => thresholded(state, own, threshold, clip),
    };
  },
});

function isLinear(layer: Layer): layer is Dense | Conv2d {
  return layer.kind === 'dense' || layer.kind === 'conv2d';
}

function linear(layer: Dense | Conv2d, x: tf.Tensor, kernel: tf.Tensor): tf.Tensor {
  if (layer.kind === 'dense') return tf.matMul(x as tf.Tensor2D, kernel as tf.Tensor2D);
  const [strides, dilations] = [[...layer.strides], [...layer.dilation]] as [number, number][];
  return tf.conv2d(x as tf.Tensor4D, kernel as tf.Tensor4D, strides, layer.padding, 'NHWC', dilations);
}

/** From 0 at `from` to 1 at `to`. */
function rise(share: number, from: number, to: number): number {
  return share >= to ? 1 : share <= from ? 0 : (share - from) / (to - from);
}

/** The state without the weights whose noise has won, and without what training knew of the noise. */
function thresholded(state: State, own: ParameterRecord, threshold: number, clip: number): State {
  const masks = { ...state.masks };
  for (const [name, { values: logVariances }] of Object.entries(own)) {
    const before = masks[name];
    masks[name] = Uint8Array.from(state.parameters[name].values, (theta, i) => {
      const alpha = logVariances[i] - Math.log(theta * theta + TINY);
      return before?.[i] !== 0 && Math.min(clip, alpha) < threshold ? 1 : 0;
    });
  }
  const { variables = {}, ...rest } = state;
  const others = Object.entries(variables).filter(([name]) => !name.startsWith(`${ID}/`));
  return {
    ...rest,
    masks,
    parameters: applyMasks(state.parameters, masks),
    ...(others.length > 0 && { variables: Object.fromEntries(others) }),
  };
}

/** Training under the extension from the start, or from a trained network; how much goes is what comes of it. */
export const sparseVariationalDropout = defineMethod({
  id: ID,
  title: 'Sparse variational dropout',
  citation: 'molchanov2017sparseVd',
  taxonomy: 'bayesian',
  options: options.omit({ strength: true }),
  steps: ({ pretrain, retrain, at, options: chosen }) => {
    const extension = { id: ID, options: { ...chosen, strength: strengthAt(at) } };
    return [
      ...(retrain && pretrain ? [{ kind: 'train', options: pretrain }] : []),
      { kind: 'sparsify', options: { ...(retrain ?? pretrain), extensions: [extension] } },
    ];
  },
});
