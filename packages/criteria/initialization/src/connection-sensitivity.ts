import { applyMasks, prunableSpecs, type Subject } from '@prunebench/core';
import { drawnBatches, meanGradients, type Statistics, statisticsOption } from '@prunebench/signals';
import { z } from 'zod';

/** On how much data the gradient is taken, and with which statistics in batch norm. */
export const gradientOptions = (statistics: Statistics) => ({
  batchSize: z.int().positive().default(128).describe('examples of a batch'),
  batches: z
    .int()
    .positive()
    .default(1)
    .describe('the gradient is averaged over them before its absolute value is taken'),
  statistics: statisticsOption(statistics),
  draw: z
    .enum(['same-every-round', 'new-every-round'])
    .default('same-every-round')
    .describe("whether the rounds of a schedule score on the same batches, or draw new ones as FORCE's program does"),
});

/** One sensitivity per weight, by kernel name. */
export type Sensitivities = Readonly<Record<string, Float64Array>>;

interface Options {
  readonly batchSize: number;
  readonly batches: number;
  readonly statistics: Statistics;
  readonly draw: 'same-every-round' | 'new-every-round';
}

/** |w g| for every prunable weight, with g the gradient of the loss at the weights as they act. */
export async function weightTimesGradient(
  subject: Subject,
  weights: Subject['parameters'],
  options: Options,
): Promise<Sensitivities> {
  const { network } = subject;
  const size = { batchSize: options.batchSize, count: options.batches };
  const batches = options.draw === 'new-every-round' ? drawnBatches(subject, size) : subject.batches(size);
  const gradients = await meanGradients(subject, batches, options);
  return Object.fromEntries(
    prunableSpecs(network).map(({ name }) => [
      name,
      gradients[name].map((g, i) => Math.abs(g * weights[name].values[i])),
    ]),
  );
}

/** The same with the weights as they act: what is masked scores 0. */
export function aliveWeightTimesGradient(subject: Subject, options: Options): Promise<Sensitivities> {
  return weightTimesGradient(subject, applyMasks(subject.parameters, subject.masks), options);
}
