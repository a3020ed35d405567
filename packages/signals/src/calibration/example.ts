import type { Batch, Subject } from '@prunebench/core';
import { sizeOf } from '@prunebench/core';

/** One calibration example. */
export interface Example {
  readonly x: Float32Array;
  readonly label: number;
}

/** The examples of one pass over the calibration split, in batches of `batchSize` while they are read. */
export function* examplesOf(
  { network, batches }: Pick<Subject, 'network' | 'batches'>,
  batchSize: number,
): Generator<Example, void, undefined> {
  const size = sizeOf(network.inputShape);
  for (const { x, y, size: count } of batches({ batchSize }))
    for (let n = 0; n < count; n++) yield { x: x.slice(n * size, (n + 1) * size), label: y[n] };
}

/** The examples as one batch. */
export function collate(examples: readonly Example[]): Batch {
  const size = examples[0].x.length;
  const x = new Float32Array(examples.length * size);
  examples.forEach((example, n) => {
    x.set(example.x, n * size);
  });
  return { x, y: Int32Array.from(examples, ({ label }) => label), size: examples.length };
}
