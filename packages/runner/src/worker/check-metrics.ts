import { namedMetrics, PrunebenchError, refuseNotFinite, type StepMetrics } from '@prunebench/core';
import { z } from 'zod';

const number = z.number();
const evaluation = z.looseObject({ accuracy: number, loss: number });

/** What records take over from a step's metrics; whatever else a step reports is its own affair. */
export const recordedMetrics = z.looseObject({
  trainedExamples: number.min(0).optional(),
  earlyStop: z.looseObject({ step: z.int(), epoch: number, validation: evaluation, test: evaluation }).optional(),
  bestValidation: z.looseObject({ epoch: number, validation: evaluation, test: evaluation }).optional(),
  named: namedMetrics.optional(),
});

/**
 * Checks what a step reports before it is kept, so that a mistake is reported under the name of its kind.
 *
 * @throws DivergenceError naming a metric that is not finite
 * @throws PrunebenchError naming the kind of step and a metric that a record cannot hold
 */
export function checkMetrics(kind: string, metrics: StepMetrics): void {
  const { trainedExamples, bestValidation, earlyStop, named } = metrics ?? {};
  refuseNotFinite({ trainedExamples, bestValidation, earlyStop, named }, `the metrics of ${kind}`);
  const { error } = recordedMetrics.safeParse(metrics);
  if (!error) return;
  const [{ path, message }] = error.issues;
  throw new PrunebenchError(
    `The kind of step ${kind} reports wrong metrics: ${path.join('.') || 'metrics'}: ${message}.`,
    {
      remedy: 'Correct what its run() returns.',
    },
  );
}
