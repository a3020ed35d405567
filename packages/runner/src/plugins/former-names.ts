/** Keys of plugins that were called otherwise in earlier versions: what was published under them is still read. */
const renamed = { models: 'networks', stepKinds: 'steps' } as const;

/** `plugin` with the keys of today. */
export function underTodaysNames(plugin: object): object {
  const entries = Object.entries(plugin);
  if (!entries.some(([key]) => key in renamed)) return plugin;
  return Object.fromEntries(
    entries.map(([key, value]) => {
      if (key === 'models') return [renamed.models, value];
      return key === 'stepKinds' ? [renamed.stepKinds, withEffects(value)] : [key, value];
    }),
  );
}

/** A kind of step that does not say what it does was taken to prune and to train. */
function withEffects(steps: unknown): unknown {
  if (!Array.isArray(steps)) return steps;
  return steps.map((step) => (typeof step === 'object' ? { prunes: true, trains: true, ...step } : step));
}
