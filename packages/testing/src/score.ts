import { type Criterion, type Masks, type Scores, type Subject, scored } from '@prunebench/core';

/** The criterion's scores, with its defaults filled in. */
export async function score(criterion: Criterion, subject: Subject, options: unknown = {}): Promise<Scores> {
  return (await scored(criterion, subject, options)).scores;
}

/** The masks that a threshold rule decides on. */
export async function thresholdMasks(criterion: Criterion, subject: Subject, options: unknown = {}): Promise<Masks> {
  return criterion.threshold!(await score(criterion, subject, options), subject, options);
}
