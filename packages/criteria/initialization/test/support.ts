import type { Criterion, Scores, Subject } from '@prunebench/core';

/** Scores with the criterion's defaults filled in. */
export async function score<Options>(
  criterion: Criterion<Options>,
  subject: Subject,
  options: Readonly<Record<string, unknown>> = {},
): Promise<Scores> {
  return criterion.score(subject, criterion.options.parse(options));
}

export const sum = (values: Iterable<number>) => [...values].reduce((total, value) => total + value, 0);

export const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => sum(Array.from(a, (value, i) => value * b[i]));
