import type { Extension } from '@prunebench/core';

const STEP_HOOKS = ['weight', 'layer', 'output', 'penalty', 'variables', 'gradients', 'afterStep'] as const;

/**
 * Whether an extension takes part in single steps, by having a hook that is called there. It may then look at any weight,
 * gradient or layer, those under masks too, and gets dense steps, none of them compiled. What an extension does between epochs
 * alone costs the steps nothing.
 */
export function takesPartInSteps(extension: Extension): boolean {
  return STEP_HOOKS.some((hook) => extension[hook] !== undefined);
}
