import type { Extension } from '@prunebench/network';

/** Hooks that leave single steps alone: what they do, they do between updates, or without a look at weights and gradients. */
const BETWEEN_STEPS = ['frozen', 'scalars', 'events', 'event', 'finish', 'groups', 'watches', 'taps'] as const;

type StepHook = Exclude<keyof Extension, (typeof BETWEEN_STEPS)[number]>;

/** Complete by its type: a hook that is new to `Extension` must be named here or above. */
const STEP_HOOKS: Readonly<Record<StepHook, true>> = {
  weight: true,
  layer: true,
  output: true,
  penalty: true,
  loss: true,
  variables: true,
  gradients: true,
  afterUpdate: true,
  accumulate: true,
  denseSlots: true,
};

/**
 * Whether an extension has a hook that is called within updates. It may then look at any weight, gradient or layer, those under masks
 * too, and gets dense steps. What an extension does between updates alone leaves them sparse.
 */
export function readsSingleSteps(extension: Extension): boolean {
  return Object.keys(STEP_HOOKS)
    .filter(isStepHook)
    .some((hook) => extension[hook] !== undefined);
}

function isStepHook(name: string): name is StepHook {
  return Object.hasOwn(STEP_HOOKS, name);
}
