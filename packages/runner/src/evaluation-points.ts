import type { Step } from '@prunebench/core';

/** Which of a trial's steps leave the states that its record evaluates. All null where nothing is trained. */
export interface EvaluationPoints {
  /** Before the first weight is removed, where training came before. */
  readonly dense: number | null;
  /** After the last pruning event, before any further training. */
  readonly pruned: number | null;
  readonly final: number | null;
}

/** Re-estimates batch norm's statistics from images: part of the pruning event that it follows, not a training. */
const ESTIMATES = 'estimate-batch-norm';

/** Kinds of steps that never remove a weight; every other kind counts as a pruning event. */
const KEEPS_MASKS: ReadonlySet<string> = new Set(['train', 'reinitialize', 'rewind', ESTIMATES]);

/** Kinds of steps that no example goes through. */
const NEVER_TRAINS: ReadonlySet<string> = new Set(['prune', 'reinitialize', 'rewind', ESTIMATES]);

/** Finds the states to evaluate from the kinds of the steps alone. */
export function evaluationPoints(steps: readonly Step[]): EvaluationPoints {
  if (steps.every(({ kind }) => NEVER_TRAINS.has(kind))) return { dense: null, pruned: null, final: null };
  const final = steps.length - 1;
  const prunes = steps.map(({ kind }) => !KEEPS_MASKS.has(kind));
  const first = prunes.indexOf(true);
  if (first < 0) return { dense: final, pruned: final, final };
  const trainedBefore = steps.slice(0, first).some(({ kind }) => kind === 'train');
  let pruned = prunes.lastIndexOf(true);
  while (steps[pruned + 1]?.kind === ESTIMATES) pruned++;
  return { dense: trainedBefore ? first - 1 : null, pruned, final };
}
