/**
 * SynFlow: a weight's share of the flow from the inputs to the outputs through absolute weights,
 *
 *     R = 1ᵀ (|W_L| ... |W_1|) 1,       score_j = ∂R/∂|w_j| · |w_j|
 *
 * Tanaka, Kunin, Yamins & Ganguli, "Pruning neural networks without any data by iteratively conserving synaptic flow",
 * NeurIPS 2020. Scores are positive, and in a chain every layer's add up to R: a layer that gets thinner gets
 * more valuable, so with scores taken anew after every few weights none is emptied.
 *
 * The paper takes 100 rounds of an exponential schedule. Scores are up to a common factor (see `synaptic-flow.ts`).
 */
import { defineCriterion } from '@prunebench/core';
import { synapticFlow } from '@prunebench/signals';
import { z } from 'zod';

export const synflow = defineCriterion({
  id: 'synflow',
  title: 'Synaptic flow (SynFlow)',
  citation: 'tanaka2020synflow',
  taxonomy: 'initialization',
  options: z.strictObject({}),
  granularity: ['weight'],
  needs: ['weights'],
  when: 'initialization',
  deviations: [
    'The program rounds the number of removed weights of every round down, and removes all that tie with the last one; here the number is rounded and met exactly.',
    "The program leaves maximum pooling as it is; here pooling takes the mean, since which of several equal pixels a maximum takes is the backend's choice.",
    'Its published accuracies are of trainings with Nesterov momentum (`optimizer: { nesterov: true }`).',
  ],
  score: (subject) => synapticFlow(subject),
});
