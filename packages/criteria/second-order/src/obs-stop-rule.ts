import { defineCriterion, type Masks, type Scores, type Subject } from '@prunebench/core';
import { z } from 'zod';
import { meanLoss } from './mean-loss.ts';
import { citation, obsCompensation, obsOptions, obsScores } from './obs.ts';

// Step 3 of the paper's procedure: "find the q that gives the smallest saliency L_q; if this candidate error increase is
// much smaller than E, then the q-th weight should be deleted and we proceed, otherwise stop". "Much smaller" is `stopRatio`.

export const obsStopRuleOptions = obsOptions.extend({
  stopRatio: z
    .number()
    .positive()
    .default(0.01)
    .describe('stops before the first weight whose L_q exceeds this share of the loss E before pruning'),
  biases: z.boolean().default(false).describe('whether biases may go too, as in the paper; they count as its weights'),
});
export type ObsStopRuleOptions = z.output<typeof obsStopRuleOptions>;

/** Optimal brain surgeon that decides itself how many weights go. */
export const obsStopRule = defineCriterion<ObsStopRuleOptions>({
  id: 'obs-stop-rule',
  title: 'Optimal brain surgeon with its own stop rule',
  citation,
  taxonomy: 'second-order',
  options: obsStopRuleOptions as z.ZodType<ObsStopRuleOptions>,
  granularity: ['weight'],
  needs: ['second-derivatives', 'per-sample-gradients'],
  when: 'trained',
  score: relativeSaliencies,
  compensate: obsCompensation,
  threshold: stopRuleMasks,
});

/** The scores of optimal brain surgeon, L_q, divided by the loss E of the calibration examples. */
export async function relativeSaliencies(subject: Subject, options: ObsStopRuleOptions): Promise<Scores> {
  const scores = await obsScores(subject, options, options.biases);
  const loss = Math.max(await meanLoss(subject, options.samples), Number.MIN_VALUE);
  return Object.fromEntries(
    Object.entries(scores).map(([name, values]) => [name, Float64Array.from(values, (v) => v / loss)]),
  );
}

/** Clears the removals before the first one that is too dear; scores rise along the order, so it is a comparison. */
export function stopRuleMasks(scores: Scores, { masks }: Subject, { stopRatio }: ObsStopRuleOptions): Masks {
  const kept = Object.entries(scores).map(([name, values]): [string, Uint8Array] => [
    name,
    Uint8Array.from(values, (score, i) => (masks[name]?.[i] !== 0 && score > stopRatio ? 1 : 0)),
  ]);
  return { ...masks, ...Object.fromEntries(kept) };
}
