import { type Batch, PrunebenchError, type Subject } from '@prunebench/core';
import { collate, type Example, examplesOf } from './example.ts';

/** How balanced examples fill the batches. */
export const exampleOrders = ['dealt', 'class-sorted'] as const;

interface BalancedOptions {
  readonly classes: number;
  readonly perClass: number;
  readonly batchSize: number;
  /**
   * `dealt` (the default): class by class in turn, so that every batch has all classes; `class-sorted`: all of the first class,
   * then all of the second and so on, so that a batch has few of them.
   */
  readonly order?: (typeof exampleOrders)[number];
}

/**
 * The first `perClass` examples of every class among the calibration batches, in batches of `batchSize`.
 *
 * @throws PrunebenchError when the calibration split has too few of a class
 */
export function balancedBatches(
  subject: Pick<Subject, 'network' | 'batches'>,
  { classes, perClass, batchSize, order = 'dealt' }: BalancedOptions,
): readonly Batch[] {
  const found: Example[][] = Array.from({ length: classes }, () => []);
  let missing = classes;
  for (const example of examplesOf(subject, batchSize)) {
    const ofClass = found[example.label];
    if (ofClass.length === perClass) continue;
    ofClass.push(example);
    if (ofClass.length === perClass && --missing === 0) break;
  }
  refuseTooFew(found, perClass);
  const examples =
    order === 'class-sorted'
      ? found.flat()
      : Array.from({ length: perClass * classes }, (_, i) => found[i % classes][Math.floor(i / classes)]);
  return Array.from({ length: Math.ceil(examples.length / batchSize) }, (_, b) =>
    collate(examples.slice(b * batchSize, (b + 1) * batchSize)),
  );
}

function refuseTooFew(found: readonly (readonly Example[])[], perClass: number): void {
  const label = found.findIndex((examples) => examples.length < perClass);
  if (label < 0) return;
  throw new PrunebenchError(
    `The calibration split has ${found[label].length} examples of class ${label}, where ${perClass} are asked for.`,
    { remedy: 'Lower the option samplesPerClass.' },
  );
}
