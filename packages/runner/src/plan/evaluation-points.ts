import type { Step, StepKind } from '@prunebench/core';
import { lookUp } from '../options/suggest.ts';

/** Which of a trial's steps leave the states that its record evaluates. All null where nothing is trained. */
export interface EvaluationPoints {
  /** Before the first weight is removed, where training came before. */
  readonly dense: number | null;
  /** After the last pruning event, before any further training. */
  readonly pruned: number | null;
  readonly final: number | null;
}

/**
 * Finds the states to evaluate from what the kinds of the steps do.
 *
 * @throws PrunebenchError for an unknown kind of step
 */
export function evaluationPoints(steps: readonly Step[], known: ReadonlyMap<string, StepKind>): EvaluationPoints {
  const kinds = steps.map(({ kind }) => lookUp(known, 'kind of step', kind));
  if (!kinds.some(({ trains }) => trains)) return { dense: null, pruned: null, final: null };
  const final = steps.length - 1;
  const first = kinds.findIndex(({ prunes }) => prunes);
  if (first < 0) return { dense: final, pruned: final, final };
  const trainedBefore = kinds.slice(0, first).some(({ trains }) => trains);
  let pruned = kinds.findLastIndex(({ prunes }) => prunes);
  while (kinds[pruned + 1]?.completesPruning) pruned++;
  return { dense: trainedBefore ? first - 1 : null, pruned, final };
}
