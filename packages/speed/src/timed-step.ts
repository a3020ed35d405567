import { type Network, type RandomStream, sizeOf } from '@prunebench/core';
import type { TrainingRun } from '@prunebench/training';

/** A run that is long enough for the trainer to compile its step. */
export const ENDLESS = { totalSteps: 1_000_000, stepsPerEpoch: 1_000_000 } as const;

/** A batch of made-up images and labels. */
export function madeUpBatch(
  { inputShape }: Network,
  batchSize: number,
  random: RandomStream,
): { readonly x: Float32Array; readonly y: Int32Array } {
  return {
    x: Float32Array.from({ length: batchSize * sizeOf(inputShape) }, () => random.normal()),
    y: Int32Array.from({ length: batchSize }, () => random.integer(10)),
  };
}

/** Trains on a batch and reads the loss too, as PyTorch's side does. */
export function timedStep(run: TrainingRun, { x, y }: { readonly x: Float32Array; readonly y: Int32Array }): number {
  const loss = run.advance(x, y);
  if (typeof loss === 'number') return loss;
  const [value] = loss.dataSync();
  loss.dispose();
  return value;
}
