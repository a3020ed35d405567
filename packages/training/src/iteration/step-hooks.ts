import type { Extension } from '@prunebench/network';

type StepHook = Exclude<keyof Extension, 'afterEpoch'>;

/** Complete by its type: a hook that is new to `Extension` must be named here. */
const STEP_HOOKS: Readonly<Record<StepHook, true>> = {
  weight: true,
  layer: true,
  output: true,
  penalty: true,
  variables: true,
  gradients: true,
  afterStep: true,
};

/**
 * Whether an extension takes part in single steps, by having a hook that is called there. It may then look at any weight,
 * gradient or layer, those under masks too, and gets dense steps, none of them compiled. What an extension does between epochs
 * alone costs the steps nothing.
 */
export function takesPartInSteps(extension: Extension): boolean {
  return (Object.keys(STEP_HOOKS) as StepHook[]).some((hook) => extension[hook] !== undefined);
}
