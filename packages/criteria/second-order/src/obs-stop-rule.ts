/**
 * Optimal brain surgeon that decides itself how many weights go: it stops before the first weight with
 *
 *     L_q > stopRatio · E
 *
 * E the loss before pruning. Hassibi & Stork, NIPS 5, 1993, step 3 of their procedure: "find the q that gives the smallest saliency
 * L_q; if this candidate error increase is much smaller than E, then the q-th weight should be deleted and we proceed, otherwise stop".
 * "Much smaller" is `stopRatio`. Scores are those of `obs` divided by E; they rise along the order, so that the rule is a comparison.
 */
import { defineCriterion } from '@prunebench/core';
import { meanLoss } from '@prunebench/signals';
import { z } from 'zod';
import { obsCompensation, obsCurvature, obsOptions, obsScores, requireObsMemory } from './obs.ts';
import { fromCurvature } from './surgery/from-curvature.ts';

const options = obsOptions.extend({
  stopRatio: z
    .number()
    .positive()
    .default(0.01)
    .describe('stops before the first weight whose L_q exceeds this share of the loss E before pruning'),
  biases: z.boolean().default(false).describe('whether biases may go too, as in the paper; they count as its weights'),
});

export const obsStopRule = defineCriterion({
  id: 'obs-stop-rule',
  title: 'Optimal brain surgeon with its own stop rule',
  citation: 'hassibi1993obs',
  taxonomy: 'second-order',
  options,
  granularity: ['weight'],
  needs: ['second-derivatives', 'per-sample-gradients'],
  when: 'trained',
  checkMemory: (network, chosen) => requireObsMemory({ network }, chosen),
  ...fromCurvature({
    curvature: (subject, chosen: z.output<typeof options>) => obsCurvature(subject, chosen, chosen.biases),
    async scores(curvature, subject, { samples, biases }) {
      const scores = obsScores(curvature, subject, biases);
      const loss = Math.max(await meanLoss(subject, samples), Number.MIN_VALUE);
      return Object.fromEntries(
        Object.entries(scores).map(([name, values]) => [name, Float64Array.from(values, (v) => v / loss)]),
      );
    },
    compensation: obsCompensation,
  }),
  threshold(scores, { masks }, { stopRatio }) {
    const kept = Object.entries(scores).map(([name, values]): [string, Uint8Array] => [
      name,
      Uint8Array.from(values, (score, i) => (masks[name]?.[i] !== 0 && score > stopRatio ? 1 : 0)),
    ]);
    return { ...masks, ...Object.fromEntries(kept) };
  },
});
