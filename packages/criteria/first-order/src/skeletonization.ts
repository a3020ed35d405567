/**
 * Skeletonization: the relevance of a unit, what the error loses with it, estimated by a gate α = 1 behind it,
 *
 *     ρ_i = E(α_i = 0) - E(α_i = 1)  ≈  -∂E/∂α_i  = -Σ_p z_pi ∂E/∂z_pi
 *
 * Mozer & Smolensky, "Skeletonization: a technique for trimming the fat from a network via relevance assessment", NIPS 1, 1989. The
 * error is linear, E = Σ_p Σ_k |t_pk - y_pk| (of probabilities for a network that is trained by cross-entropy): the derivative of the
 * squared one vanishes as the network learns, and would call every unit irrelevant. The lowest signed relevance goes first, a unit that
 * does harm before one that does nothing.
 */
import { defineCriterion, type Network } from '@prunebench/core';
import { calibrationOptions, gateGradients, type SummedLoss, scoresOf, sumUnitSignals } from '@prunebench/signals';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

export const skeletonization = defineCriterion({
  id: 'skeletonization',
  title: 'Skeletonization: relevance of units',
  citation: 'mozer1989skeletonization',
  taxonomy: 'sensitivity',
  options: z.strictObject({
    ...calibrationOptions,
    error: z
      .enum(['linear', 'loss'])
      .default('linear')
      .describe('whose derivative is taken: the sum of absolute errors, or what training minimises'),
    rank: z
      .enum(['signed', 'absolute'])
      .default('signed')
      .describe('what goes first: the lowest relevance, or the one nearest to 0'),
  }),
  granularity: ['unit'],
  needs: ['weights', 'gradients', 'activations'],
  when: 'trained',
  deviations: [
    'SNNS removes the unit whose relevance is nearest to 0 (`rank: absolute`); the paper smooths relevances over the epochs of training, here they are of one pass over the calibration split.',
  ],
  async score(subject, { error, rank, ...options }) {
    const loss = error === 'linear' ? linearError(subject.network) : undefined;
    const found = await sumUnitSignals(subject, options, (signals) => tf.sum(gateGradients(signals), 0), loss);
    return scoresOf(found, (sum) => (rank === 'signed' ? -sum : Math.abs(sum)));
  },
});

/** Σ |t - y|; the derivative of |e| at 0 is 0. */
function linearError(network: Network): SummedLoss {
  return (outputs, labels) => {
    const values = network.loss === 'squared-error' ? outputs : tf.softmax(outputs);
    const units = outputs.shape[1];
    const targets = units === 1 ? tf.reshape(tf.cast(labels, 'float32'), [-1, 1]) : tf.oneHot(labels, units);
    // |e| = e sign(e), and no gradient goes through the sign.
    const e = tf.sub(values, targets);
    return tf.sum(tf.mul(e, tf.sign(e)));
  };
}
