import type { Step } from '@prunebench/core';
import { lookUp } from '../options/suggest.ts';
import type { RunPlan, Stage } from '../plan/plan.ts';
import type { Registry } from '../registry.ts';

/** Share of an epoch that a step whose kind does not say is taken to cost; it only shapes the estimate of the time left. */
const OTHER_STEP_EPOCHS = 0.1;

/** How much there is to do in every stage that is not finished: passes over the training split times multiply-adds. */
export function workOf(
  plan: RunPlan,
  registry: Registry,
  finished: ReadonlySet<string>,
  multiplyAdds: (stage: Stage) => number,
): ReadonlyMap<string, number> {
  const open = [...plan.stages.values()].filter(({ key }) => !finished.has(key));
  return new Map(
    open.map((stage) => {
      return [stage.key, stepWork(stage.steps.at(-1)!, registry) * multiplyAdds(stage)];
    }),
  );
}

/** How many passes over the training split a step takes, or is taken to. */
export function stepWork(step: Step, registry: Registry): number {
  const kind = lookUp(registry.steps, 'kind of step', step.kind);
  return kind.work?.(kind.options.parse(step.options)) ?? OTHER_STEP_EPOCHS;
}
