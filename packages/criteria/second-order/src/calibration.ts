import { type Batch, PrunebenchError, type Subject } from '@prunebench/core';

/** Examples that go through the network at once: large enough for fast kernels, small enough for the activations. */
export const BATCH_SIZE = 128;

/**
 * The first `samples` examples of the calibration split in its seeded order, or all of them if there are fewer.
 *
 * @throws PrunebenchError for an empty split
 */
export function* calibration(subject: Subject, samples: number): Generator<Batch> {
  let left = samples;
  for (const batch of subject.batches({ batchSize: Math.min(BATCH_SIZE, samples) })) {
    const size = Math.min(left, batch.size);
    if (size === 0) break;
    yield size === batch.size ? batch : firstExamples(batch, size);
    left -= size;
  }
  if (left === samples)
    throw new PrunebenchError('The calibration split is empty, so no curvature can be estimated.', {
      remedy: 'Give the dataset a calibration split.',
    });
}

function firstExamples({ x, y, size }: Batch, count: number): Batch {
  return { x: x.subarray(0, (x.length / size) * count), y: y.subarray(0, count), size: count };
}
