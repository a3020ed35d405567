import type { Batch, Subject } from '@prunebench/core';
import { collate, examplesOf } from './example.ts';

/**
 * Batches that the criterion's own stream draws from the calibration split, each afresh and without repetition in itself. The
 * stream is another one in every round of a schedule, so every round sees other examples.
 */
export function drawnBatches(
  subject: Pick<Subject, 'network' | 'batches' | 'random'>,
  { batchSize, count }: { readonly batchSize: number; readonly count: number },
): readonly Batch[] {
  const examples = [...examplesOf(subject, batchSize)];
  return Array.from({ length: count }, () =>
    collate([...subject.random.permutation(examples.length).subarray(0, batchSize)].map((n) => examples[n])),
  );
}
