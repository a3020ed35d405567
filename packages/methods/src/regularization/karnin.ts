/**
 * Karnin 1990: how much the error would rise without a weight, summed up while the network learns,
 *
 *     S = - Σ_n ∂E/∂w(n) Δw(n) w_f / (w_f - w_i)
 *
 * over all updates n, from the weight's first value w_i to its last w_f (equation 5 there). E is the error without penalties.
 */
import { defineCriterion, defineMethod, prunableSpecs, shareAt } from '@prunebench/core';
import { defineExtension, type ExtensionVariable } from '@prunebench/network';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

export const karninSums = defineExtension({
  id: 'karnin-sums',
  title: 'Karnin’s sums over a training',
  citation: 'karnin1990sensitivity',
  options: z.strictObject({}),
  create(_, { network, state }) {
    const kernels = prunableSpecs(network);
    const variables: Record<string, ExtensionVariable> = {};
    for (const { name, shape } of kernels) {
      const size = shape.reduce((product, length) => product * length, 1);
      variables[`${name}/sum`] = { value: { shape, values: new Float32Array(size) }, group: null };
      variables[`${name}/first`] = { value: state.parameters[name], group: null };
    }
    return {
      variables,
      accumulate: ({ gradients, before, after }, { variables: own }) =>
        Object.fromEntries(
          kernels.map(({ name }) => {
            const work = tf.mul(gradients[name], tf.sub(after[name], before[name]));
            return [`${name}/sum`, tf.sub(own[`${name}/sum`], work)];
          }),
        ),
    };
  },
});

export const karnin = defineCriterion({
  id: 'karnin-sensitivity',
  title: 'Karnin’s sensitivity',
  citation: 'karnin1990sensitivity',
  taxonomy: 'sensitivity',
  options: z.strictObject({}),
  granularity: ['weight'],
  needs: ['weights', 'variables'],
  when: 'trained',
  score({ network, parameters, variables = {} }) {
    const of = (name: string) => {
      const sums = variables[`karnin-sums/${name}/sum`]?.values;
      const first = variables[`karnin-sums/${name}/first`]?.values;
      // A weight that has not moved has nothing to say; it counts as its magnitude would: by 0.
      return parameters[name].values.map((w, i) =>
        sums && first && w !== first[i] ? (sums[i] * w) / (w - first[i]) : 0,
      );
    };
    return Object.fromEntries(prunableSpecs(network).map(({ name }) => [name, of(name)]));
  },
});

/** Training that keeps the sums, one cut by them, and the retraining. */
export const karninMethod = defineMethod({
  id: 'karnin',
  title: 'Karnin’s sensitivity over the training',
  citation: 'karnin1990sensitivity',
  taxonomy: 'sensitivity',
  options: z.strictObject({ scope: z.enum(['global', 'layerwise']).default('global') }),
  steps: ({ pretrain, retrain, at, options: { scope } }) => [
    ...(pretrain ? [{ kind: 'train', options: { ...pretrain, extensions: [{ id: karninSums.id }] } }] : []),
    { kind: 'prune', options: { criterion: karnin.id, sparsity: shareAt(at), scope } },
    ...(retrain ? [{ kind: 'train', options: retrain }] : []),
  ],
});
