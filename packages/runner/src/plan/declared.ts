/** What benchmarks and methods declare, as far as types alone do not hold a plugin in JavaScript to it. */
import {
  axisPoint,
  type Network,
  PrunebenchError,
  pointOf,
  type Step,
  type TrialDeclaration,
  type TrialSpec,
} from '@prunebench/core';
import { z } from 'zod';
import { parseOptions } from '../options/parse-options.ts';
import { lookUp } from '../options/suggest.ts';
import type { Registry } from '../registry.ts';

const name = z.string().min(1);

/** How many of a trial's steps are not its method's, whose own count from 0 behind them. */
export function stepsBefore(steps: readonly Step[], registry: Registry): number {
  const own = steps.findIndex(({ kind }) => !registry.steps.get(kind)?.loadsPretrained);
  return own < 0 ? steps.length : own;
}

const declarations = z.array(
  z
    .looseObject({
      dataset: name,
      network: name,
      method: name,
      series: name,
      control: z.boolean().optional(),
      at: axisPoint.optional(),
    })
    .refine(
      ({ sparsity, at }) => (sparsity === undefined) !== (at === undefined),
      'expected either a sparsity or at: { units }, { multiplyAdds } or { lambda }',
    ),
);

const steps = z.array(z.looseObject({ kind: name, options: z.record(z.string(), z.unknown()) }));

/** @throws PrunebenchError naming the trial, by its place in the list, and the field */
export function checkDeclarations(declared: readonly TrialDeclaration[]): void {
  parseOptions(declarations, declared, "The benchmark's trials");
}

/** @throws PrunebenchError naming the method, and the step by its place in the list */
function checkSteps(method: string, declared: readonly Step[]): void {
  parseOptions(steps, declared, `Method ${method}, steps`);
}

/**
 * The steps of a trial's method as it declares them; before them stands what loads a network's pretrained parameters.
 *
 * @throws PrunebenchError for an unknown method, and for steps that are none
 */
export function declaredSteps(spec: Omit<TrialSpec, 'seed'>, network: Network, registry: Registry): readonly Step[] {
  const { pretrain, retrain, options } = spec;
  const { pretrained } = registry.network(spec.network);
  const steps = lookUp(registry.methods, 'method', spec.method).steps({
    network,
    at: pointOf(spec),
    pretrain,
    retrain,
    options,
  });
  checkSteps(spec.method, steps);
  if (pretrain === null && retrain === null) refuseMissingTraining(spec.method, steps, registry);
  if (!pretrained) return steps;
  const load = [...registry.steps.values()]
    .filter(({ loadsPretrained }) => loadsPretrained)
    .map(({ kind }): Step => ({ kind, options: { checksum: pretrained.checksum } }));
  return [...load, ...steps];
}

/** A method that trains, in a trial that says nothing of a training. */
function refuseMissingTraining(method: string, steps: readonly Step[], registry: Registry): void {
  for (const { kind, options } of steps) {
    const error = registry.steps.get(kind)?.options.safeParse(options).error;
    if (error?.issues.some(({ path: [field] }) => field === 'epochs'))
      throw new PrunebenchError(`Method ${method} trains, and its trial has neither pretrain nor retrain.`, {
        remedy: 'Declare a training, for instance retrain: { epochs: 10, learningRate: 0.001 }.',
      });
  }
}
