import {
  LayerCollapseError,
  maskedSparsity,
  prunableSpecs,
  pruneOptions,
  type State,
  type StepKind,
  sizeOf,
  trainOptions,
} from '@prunebench/core';
import { z } from 'zod';
import { pruneStep } from './prune.ts';

export const pruneWhileAccurateOptions = z.strictObject({
  criterion: z.string(),
  criterionOptions: z.record(z.string(), z.unknown()).default({}),
  weightsPerRound: z.int().positive().default(1),
  tolerance: z.number().min(0).default(0).describe('percentage points of training accuracy that may be lost'),
  limit: z.number().gt(0).lt(1).describe('sparsity at which it stops even if nothing is lost'),
  retrain: trainOptions.nullable().describe('training that may win the accuracy back, in rounds that lost it'),
});
export type PruneWhileAccurateOptions = z.output<typeof pruneWhileAccurateOptions>;

/**
 * Removes a few weights at a time, scored anew each time, for as long as the training set is classified as well as before;
 * a round that loses accuracy is retrained, and when that does not win it back the state before the round is the result.
 * The sparsity is thus an outcome. The stop rule of Optimal Brain Surgeon's experiments (Hassibi & Stork 1993).
 */
export const pruneWhileAccurateStep: StepKind<PruneWhileAccurateOptions> = {
  kind: 'prune-while-accurate',
  options: pruneWhileAccurateOptions,
  async run(session, state, options) {
    const weights = prunableSpecs(session.network).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    const goal = (await session.evaluate(state, 'train')).accuracy - options.tolerance;
    const first = Math.round(maskedSparsity(session.network, state.masks) * weights) + options.weightsPerRound;
    const last = Math.floor(options.limit * weights);
    let best = state;
    let trainedExamples = 0;
    for (let removed = first; removed <= last; removed += options.weightsPerRound) {
      session.progress({ fraction: removed / last });
      const pruned = await removeUpTo(removed / weights, best);
      if (!pruned) break;
      const { state: next, examples } = await restored(pruned);
      trainedExamples += examples;
      if (!next) break;
      best = next;
    }
    const achieved = maskedSparsity(session.network, best.masks);
    return { state: best, metrics: { trainedExamples, remainingWeights: Math.round((1 - achieved) * weights), goal } };

    /** Undefined where the next weight would be a layer's last. */
    async function removeUpTo(sparsity: number, from: State): Promise<State | undefined> {
      const { criterion, criterionOptions } = options;
      try {
        const event = pruneOptions.parse({ criterion, criterionOptions, sparsity });
        return (await pruneStep.run(session, from, event)).state;
      } catch (error) {
        if (error instanceof LayerCollapseError) return undefined;
        throw error;
      }
    }

    /** The pruned state, retrained if need be; no state where the accuracy is lost for good. */
    async function restored(pruned: State): Promise<{ state?: State; examples: number }> {
      if ((await session.evaluate(pruned, 'train')).accuracy >= goal) return { state: pruned, examples: 0 };
      if (!options.retrain) return { examples: 0 };
      const { state: retrained, metrics } = await session.train(pruned, options.retrain);
      const examples = metrics.trainedExamples ?? 0;
      const accurate = (await session.evaluate(retrained, 'train')).accuracy >= goal;
      return accurate ? { state: retrained, examples } : { examples };
    }
  },
};
