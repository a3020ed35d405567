import { type Batch, inferShapes, PrunebenchError, type Subject, sizeOf } from '@prunebench/core';

/** Examples that go through the network at once, where its activations are few. */
const BATCH_SIZE = 128;
/** Activations of a batch over all layers; the passes here keep them, and as much again on the way back. */
const BATCH_ACTIVATIONS = 2 ** 24;

/**
 * The first `samples` examples of the calibration split in its seeded order, or all of them if there are fewer.
 *
 * @throws PrunebenchError for an empty split
 */
export function* firstExamples(subject: Subject, samples: number): Generator<Batch> {
  const activations = [...inferShapes(subject.network).values()].reduce((sum, shape) => sum + sizeOf(shape), 0);
  const batchSize = Math.max(1, Math.min(BATCH_SIZE, samples, Math.floor(BATCH_ACTIVATIONS / activations)));
  let left = samples;
  for (const batch of subject.batches({ batchSize })) {
    const size = Math.min(left, batch.size);
    if (size === 0) break;
    yield size === batch.size ? batch : cut(batch, size);
    left -= size;
  }
  if (left === samples)
    throw new PrunebenchError('The calibration split is empty, so no curvature can be estimated.', {
      remedy: 'Give the dataset a calibration split.',
    });
}

function cut({ x, y, size }: Batch, count: number): Batch {
  return { x: x.subarray(0, (x.length / size) * count), y: y.subarray(0, count), size: count };
}
