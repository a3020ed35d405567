/**
 * Karnin 1990: how much the error would rise without a weight, summed up while the network learns,
 *
 *     S = - Σ_n ∂E/∂w(n) Δw(n) w_f / (w_f - w_i)
 *
 * over all updates n, from the weight's first value w_i to its last w_f (equation 5 there). E is the error without penalties.
 */
import {
  defineCriterion,
  defineMethod,
  type ParameterRecord,
  PrunebenchError,
  prunableSpecs,
  SCOPES,
  shareAt,
  sizeOf,
} from '@prunebench/core';
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
      variables[`${name}/sum`] = { value: { shape, values: new Float32Array(sizeOf(shape)) }, group: null };
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
      const sums = kept(variables, `${name}/sum`);
      const first = kept(variables, `${name}/first`);
      // A weight that has not moved has nothing to say of what it is worth.
      return parameters[name].values.map((w, i) => (w === first[i] ? 0 : (sums[i] * w) / (w - first[i])));
    };
    return Object.fromEntries(prunableSpecs(network).map(({ name }) => [name, of(name)]));
  },
});

/** @throws PrunebenchError where no training has kept the sums */
function kept(variables: ParameterRecord, name: string): Float32Array {
  const found = variables[`${karninSums.id}/${name}`];
  if (found) return found.values;
  throw new PrunebenchError('Karnin’s sensitivity is a sum over a training, and the one before kept none.', {
    remedy: `Use the method karnin, or list the extension ${karninSums.id} in the train step before.`,
  });
}

/** Training that keeps the sums, one cut by them, and the retraining. */
export const karninMethod = defineMethod({
  id: 'karnin',
  title: 'Karnin’s sensitivity over the training',
  citation: 'karnin1990sensitivity',
  taxonomy: 'sensitivity',
  options: z.strictObject({ scope: z.enum(['global', 'layerwise']).default('global').describe(SCOPES) }),
  steps: ({ pretrain, retrain, at, options: { scope } }) => [
    ...(pretrain ? [{ kind: 'train', options: { ...pretrain, extensions: [{ id: karninSums.id }] } }] : []),
    { kind: 'prune', options: { criterion: karnin.id, sparsity: shareAt(at), scope } },
    ...(retrain ? [{ kind: 'train', options: retrain }] : []),
  ],
});
