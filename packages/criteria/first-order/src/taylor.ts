/**
 * Taylor expansion: what the loss changes to first order when a feature map h of M positions becomes 0,
 *
 *     s_c = (1/N) Σ_b | (1/M) Σ_{y,x} h_c(b) ∂ℓ_b/∂h_c |,       then s_c / √(Σ_j s_j²) over the maps of its layer
 *
 * Molchanov, Tyree, Karras, Aila & Kautz, "Pruning convolutional neural networks for resource efficient inference", ICLR 2017,
 * section 2.2. The map is what comes out of batch norm and activation; a neuron is a map of one position.
 *
 * - `over`: of what the absolute value is taken. The paper's text takes it of each map's sum; the authors' later program of each
 *   position, a popular port of the whole batch's sum.
 * - `normalise`: the paper's division by the layer's Euclidean norm.
 * - `cost`: the paper's λ: subtracts λ times the map's share of all multiply-adds, in percent (the paper does not say the unit).
 */
import { costOf, defineCriterion, type Network, type Scores } from '@prunebench/core';
import { calibrationOptions, gateGradients, sumUnitSignals } from '@prunebench/signals';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

export const taylor = defineCriterion({
  id: 'taylor',
  title: 'Taylor expansion of the loss in feature maps',
  citation: 'molchanov2017taylor',
  taxonomy: 'first-order',
  options: z.strictObject({
    ...calibrationOptions,
    over: z
      .enum(['map', 'position', 'batch'])
      .default('map')
      .describe('of what the absolute value is taken: of a map’s sum, of each position, of the sum over a batch'),
    normalise: z.boolean().default(true).describe('divide by the Euclidean norm over the units of the layer'),
    cost: z
      .number()
      .min(0)
      .default(0)
      .describe('λ: times the unit’s share of the multiply-adds in percent is subtracted'),
  }),
  granularity: ['unit'],
  needs: ['weights', 'gradients', 'activations'],
  when: 'trained',
  deviations: [
    'NVlabs’ later program takes the absolute value of every position (`over: position`), and a popular port that of a batch’s sum (`over: batch`); the default is the paper’s text.',
  ],
  async score(subject, { over, normalise, cost, ...options }) {
    const { sums, examples } = await sumUnitSignals(subject, options, (signals) => {
      const { activation, gradient, kernel } = signals;
      const positions = activation.size / (activation.shape[0] * kernel.units);
      if (over === 'position')
        return tf.div(tf.sum(tf.reshape(tf.abs(tf.mul(activation, gradient)), [-1, kernel.units]), 0), positions);
      const gates = gateGradients(signals);
      return tf.div(over === 'map' ? tf.sum(tf.abs(gates), 0) : tf.abs(tf.sum(gates, 0)), positions);
    });
    const means = Object.entries(sums).map(([name, own]) => [name, own.map((sum) => sum / examples)] as const);
    const scores = Object.fromEntries(means.map(([name, own]) => [name, normalise ? unitLength(own) : own]));
    return cost === 0 ? scores : minusCosts(subject.network, scores, cost);
  },
});

/** A layer whose scores are all 0 keeps them. */
function unitLength(scores: Float64Array): Float64Array {
  const norm = Math.sqrt(scores.reduce((sum, score) => sum + score * score, 0));
  return norm === 0 ? scores : scores.map((score) => score / norm);
}

function minusCosts(network: Network, scores: Record<string, Float64Array>, weight: number): Scores {
  const { layers, multiplyAdds } = costOf(network);
  return Object.fromEntries(
    layers
      .filter(({ name }) => Object.hasOwn(scores, name))
      .map(({ name, multiplyAdds: own }) => {
        const share = (100 * own.dense) / (multiplyAdds.dense * scores[name].length);
        return [name, scores[name].map((score) => score - weight * share)];
      }),
  );
}
