import { applyMasks, prunableSpecs, type Subject } from '@prunebench/core';
import { z } from 'zod';
import { type Statistics, statisticsOption } from './batch-statistics.ts';
import { meanGradients } from './gradients.ts';

/** On how much data the gradient is taken, and with which statistics in batch norm. */
export const gradientOptions = (statistics: Statistics) => ({
  batchSize: z.int().positive().default(128),
  batches: z
    .int()
    .positive()
    .default(1)
    .describe('the gradient is averaged over them before its absolute value is taken'),
  statistics: statisticsOption(statistics),
});

/** One sensitivity per weight, by kernel name. */
export type Sensitivities = Readonly<Record<string, Float64Array>>;

interface Options {
  readonly batchSize: number;
  readonly batches: number;
  readonly statistics: Statistics;
}

/** |w g| for every prunable weight, with g the gradient of the loss at the weights as they act. */
export async function weightTimesGradient(
  subject: Subject,
  weights: Subject['parameters'],
  options: Options,
): Promise<Sensitivities> {
  const { network } = subject;
  const gradients = await meanGradients(
    subject,
    subject.batches({ batchSize: options.batchSize, count: options.batches }),
    options,
  );
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
