import { type Batch, PrunebenchError, type Subject, sizeOf } from '@prunebench/core';

/**
 * The first `perClass` examples of every class among the calibration batches, dealt out class by class in turn, so that
 * every batch of `batchSize` has all classes.
 *
 * @throws PrunebenchError when the calibration split has too few of a class
 */
export function balancedBatches(
  { network, batches }: Pick<Subject, 'network' | 'batches'>,
  options: { readonly classes: number; readonly perClass: number; readonly batchSize: number },
): readonly Batch[] {
  const { classes, perClass, batchSize } = options;
  const size = sizeOf(network.inputShape);
  const found: Float32Array[][] = Array.from({ length: classes }, () => []);
  let missing = classes;
  for (const { x, y, size: count } of batches({ batchSize })) {
    for (let n = 0; n < count && missing > 0; n++) {
      const examples = found[y[n]];
      if (examples.length === perClass) continue;
      examples.push(x.slice(n * size, (n + 1) * size));
      if (examples.length === perClass) missing--;
    }
    if (missing === 0) break;
  }
  refuseTooFew(found, perClass);
  const dealt = Array.from({ length: perClass * classes }, (_, i) => ({
    x: found[i % classes][Math.floor(i / classes)],
    label: i % classes,
  }));
  return Array.from({ length: Math.ceil(dealt.length / batchSize) }, (_, b) =>
    collate(dealt.slice(b * batchSize, (b + 1) * batchSize), size),
  );
}

function collate(examples: readonly { x: Float32Array; label: number }[], size: number): Batch {
  const x = new Float32Array(examples.length * size);
  examples.forEach((example, n) => {
    x.set(example.x, n * size);
  });
  return { x, y: Int32Array.from(examples, ({ label }) => label), size: examples.length };
}

function refuseTooFew(found: readonly (readonly Float32Array[])[], perClass: number): void {
  const label = found.findIndex((examples) => examples.length < perClass);
  if (label < 0) return;
  throw new PrunebenchError(
    `The calibration split has ${found[label].length} examples of class ${label}, where ${perClass} are asked for.`,
    { remedy: 'Lower the option samplesPerClass.' },
  );
}
