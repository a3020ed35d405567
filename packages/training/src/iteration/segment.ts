import { PrunebenchError, type State, type TrainingCut, type TrainOptions } from '@prunebench/core';
import type { TrainingRun } from './training-run.ts';

/** The steps of a training that are taken now: from `firstStep` up to, not including, `lastStep`. */
export interface Segment {
  readonly firstStep: number;
  readonly lastStep: number;
}

/**
 * The part of a training of `totalSteps` steps that its options ask for.
 *
 * @throws PrunebenchError for a segment without a step, and for one that does not begin where the state was cut
 */
export function segmentOf({ from, to }: Pick<TrainOptions, 'from' | 'to'>, state: State, totalSteps: number): Segment {
  const firstStep = Math.round(from * totalSteps);
  const lastStep = Math.round(to * totalSteps);
  if (firstStep >= lastStep)
    throw new PrunebenchError(`The segment ${from} to ${to} of a training of ${totalSteps} steps has no step.`, {
      remedy: 'Set from and to further apart.',
    });
  const { cut } = state;
  if (from > 0 && (cut?.step !== firstStep || cut.totalSteps !== totalSteps))
    throw new PrunebenchError(
      `The training goes on at step ${firstStep} of ${totalSteps} (from: ${from}), but the state before it ` +
        `${cut ? `was cut at step ${cut.step} of ${cut.totalSteps}` : 'was not cut in the middle of a training'}.`,
      { remedy: 'Let the train step before it, of the same epochs and batch size, end there: to.' },
    );
  return { firstStep, lastStep };
}

/** What the next segment needs. */
export async function cutOf(run: TrainingRun, stream: string): Promise<TrainingCut> {
  return { step: run.step, totalSteps: run.plan.totalSteps, age: run.age, stream, slots: await run.slots() };
}
