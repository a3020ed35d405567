/**
 * Penalties on single weights, the oldest way to small networks: quadratic decay (Hanson & Pratt 1988), weight elimination (Weigend,
 * Rumelhart & Huberman 1990) and Setiono's sum of both (1997). They are over the prunable weights, biases and batch norm left out.
 */
import { prunableSpecs } from '@prunebench/core';
import { defineExtension, gradientArguments, type ParameterTensors } from '@prunebench/network';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

const strength = z.number().min(0);

export const quadraticPenalty = defineExtension({
  id: 'quadratic-penalty',
  title: 'Quadratic weight decay',
  citation: 'hanson1988weightDecay',
  options: z.strictObject({
    strength: strength.default(1e-4).describe('ε: half of it times the sum of squares is added'),
    decoupled: z
      .boolean()
      .default(false)
      .describe('the weights shrink by learning rate x strength after each update, past the optimizer'),
  }),
  create({ strength: epsilon, decoupled }, { network }) {
    const kernels = prunableSpecs(network).map(({ name }) => name);
    if (decoupled)
      return {
        afterUpdate: (parameters, { learningRate }) =>
          each(kernels, (name) => tf.mul(parameters[name], tf.sub(1, tf.mul(learningRate, epsilon)))),
      };
    return { penalty: (parameters) => tf.mul(sumOfSquares(kernels, parameters), epsilon / 2) };
  },
});

export const weightElimination = defineExtension({
  id: 'weight-elimination',
  title: 'Weight elimination',
  citation: 'weigend1990elimination',
  options: z.strictObject({
    strength: strength.default(1e-4).describe('λ'),
    scale: z.number().positive().default(1).describe('w0: weights that are small beside it are pulled to 0'),
  }),
  create({ strength: lambda, scale }, { network }) {
    const kernels = prunableSpecs(network).map(({ name }) => name);
    return { penalty: (parameters) => tf.mul(eliminated(kernels, parameters, 1 / scale ** 2), lambda) };
  },
});

export const setionoPenalty = defineExtension({
  id: 'setiono-penalty',
  title: 'Setiono’s penalty',
  citation: 'setiono1997penalty',
  options: z.strictObject({
    elimination: strength.default(1e-1).describe('ε1'),
    decay: strength.default(1e-5).describe('ε2'),
    beta: z.number().positive().default(10).describe('β'),
  }),
  create({ elimination, decay, beta }, { network }) {
    const kernels = prunableSpecs(network).map(({ name }) => name);
    return {
      penalty: (parameters) =>
        tf.add(
          tf.mul(eliminated(kernels, parameters, beta), elimination),
          tf.mul(sumOfSquares(kernels, parameters), decay),
        ),
    };
  },
});

/** Σ β w² / (1 + β w²) */
function eliminated(kernels: readonly string[], parameters: ParameterTensors, beta: number): tf.Tensor {
  const term = tf.customGrad((...args) => {
    const { tensors, save } = gradientArguments(args);
    const [w] = tensors;
    const square = tf.mul(tf.square(w), beta);
    const larger = tf.add(square, 1);
    save([w, larger]);
    return {
      value: tf.sum(tf.div(square, larger)),
      // 2 β w / (1 + β w²)²
      gradFunc: (dy: tf.Tensor, [x, u]: tf.Tensor[]) => tf.div(tf.mul(x, tf.mul(dy, 2 * beta)), tf.square(u)),
    };
  });
  return tf.addN(kernels.map((name) => term(parameters[name])));
}

function sumOfSquares(kernels: readonly string[], parameters: ParameterTensors): tf.Tensor {
  return tf.addN(kernels.map((name) => squares(parameters[name])));
}

/** Σ w², with its gradient in one pass over the weights. */
const squares = tf.customGrad((...args) => {
  const { tensors, save } = gradientArguments(args);
  const [w] = tensors;
  save([w]);
  return {
    value: tf.sum(tf.square(w)),
    gradFunc: (dy: tf.Tensor, [x]: tf.Tensor[]) => tf.mul(x, tf.mul(dy, 2)),
  };
});

function each(names: readonly string[], make: (name: string) => tf.Tensor): Record<string, tf.Tensor> {
  return Object.fromEntries(names.map((name) => [name, make(name)]));
}
