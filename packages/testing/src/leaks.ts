import {
  type Batch,
  type Criterion,
  type Network,
  type ParameterRecord,
  prunableSpecs,
  type Subject,
  scored,
  sizeOf,
} from '@prunebench/core';
import * as tf from '@tensorflow/tfjs-core';
import { randomParameters } from './parameters.ts';
import { randomBatch, subjectOf } from './subject.ts';

/**
 * Where a criterion leaves tensors behind, as sentences: when all is well, and when its subject is not as it should be. Nothing else may
 * make tensors meanwhile, so call it in tests that run alone (`test.serial`).
 *
 * @param options the criterion's own options; its defaults are filled in
 */
export async function tensorLeaks(
  criterion: Criterion,
  network: Network,
  options: Readonly<Record<string, unknown>> = {},
): Promise<readonly string[]> {
  const masks = Object.fromEntries(
    prunableSpecs(network).map(({ name, shape }) => [name, new Uint8Array(sizeOf(shape)).fill(1, 3)]),
  );
  const leaks: string[] = [];
  const watch = async (what: string, call: () => Promise<unknown> | unknown) => {
    const before = tf.memory().numTensors;
    await (async () => call())().catch(() => {});
    const left = tf.memory().numTensors - before;
    if (left !== 0) leaks.push(`leaves ${left} tensors behind when it ${what}`);
  };
  for (const [what, subject] of Object.entries(subjects(network))) {
    await watch(`scores ${what}`, async () => {
      const { compensate } = await scored(criterion, subject, options);
      await compensate?.(masks);
    });
    if (criterion.compensate)
      await watch(`compensates for ${what}`, () => criterion.compensate!(subject, masks, options));
  }
  return leaks;
}

function subjects(network: Network): Readonly<Record<string, Subject>> {
  const sound = subjectOf(network, randomParameters(network));
  const { parameters } = sound;
  const batch = randomBatch(network, 16);
  const last = Object.keys(parameters).findLast((name) => name.endsWith('/kernel'))!;
  const { shape, values } = parameters[last];
  const withKernel = (kernel: ParameterRecord[string]) => ({ ...sound, parameters: { ...parameters, [last]: kernel } });
  const withSecond = (second: () => Batch) => ({ ...sound, batches: () => threeBatches(batch, second) });
  return {
    'a sound subject': sound,
    'a subject whose second batch is short': withSecond(() => ({ ...batch, x: batch.x.subarray(1) })),
    'a subject whose second batch cannot be read': withSecond(() => {
      throw new Error('the disk is gone');
    }),
    'a kernel of another shape': withKernel({ shape: [1, sizeOf(shape)], values }),
    'a kernel of too few values': withKernel({ shape, values: values.slice(1) }),
  };
}

function* threeBatches(batch: Batch, second: () => Batch): Generator<Batch> {
  yield batch;
  yield second();
  yield batch;
}
