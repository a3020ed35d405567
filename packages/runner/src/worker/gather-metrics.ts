import { type NamedMetrics, PrunebenchError } from '@prunebench/core';
import type { StageInfo } from '../stages/stage-store.ts';

/**
 * What the steps of a trial report by name, all together; undefined where they report nothing.
 *
 * @param stages first step first
 * @throws PrunebenchError naming a metric that two steps report, and both steps
 */
export function gatherMetrics(stages: readonly Pick<StageInfo, 'kind' | 'metrics'>[]): NamedMetrics | undefined {
  const gathered: Record<string, NamedMetrics[string]> = {};
  const reporters = new Map<string, string>();
  for (const [index, { kind, metrics }] of stages.entries()) {
    const step = `${kind} (step ${index + 1})`;
    for (const [name, metric] of Object.entries(metrics.named ?? {})) {
      const other = reporters.get(name);
      if (other !== undefined)
        throw new PrunebenchError(`The metric ${name} is reported by two steps of the trial: ${other} and ${step}.`, {
          remedy: 'Give each its own name, with the round in it where a method has several.',
        });
      reporters.set(name, step);
      gathered[name] = metric;
    }
  }
  return reporters.size === 0 ? undefined : gathered;
}

/**
 * How often the validation or the test split was evaluated for a trial, whoever computed its stages: in its steps, and twice for each
 * state that its record says the accuracy of. Undefined where a stage of an earlier version does not know.
 *
 * @param reported indices of the steps after which the record says it; null where it does not
 */
export function countEvaluations(
  stages: readonly Pick<StageInfo, 'evaluated'>[],
  reported: readonly (number | null)[],
): number | undefined {
  const states = new Set(reported.filter((index) => index !== null));
  let count = 2 * states.size;
  for (const { evaluated } of stages) {
    if (evaluated === undefined) return undefined;
    count += evaluated;
  }
  return count;
}
