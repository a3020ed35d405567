/** Keys of plugins that were called otherwise in earlier versions: what was published under them is still read. */
const renamed: ReadonlyMap<string, string> = new Map([
  ['models', 'networks'],
  ['stepKinds', 'steps'],
]);

/** `plugin` with the keys of today. */
export function underTodaysNames(plugin: object): object {
  const entries = Object.entries(plugin);
  if (!entries.some(([key]) => renamed.has(key))) return plugin;
  const todays: Record<string, unknown> = {};
  for (const [key, value] of entries) {
    const name = renamed.get(key) ?? key;
    const entry = key === 'stepKinds' ? withEffects(value) : value;
    const before = todays[name];
    todays[name] = Array.isArray(before) && Array.isArray(entry) ? [...before, ...entry] : entry;
  }
  return todays;
}

/** A kind of step that does not say what it does was taken to prune and to train. */
function withEffects(steps: unknown): unknown {
  if (!Array.isArray(steps)) return steps;
  return steps.map((step) => (typeof step === 'object' ? { prunes: true, trains: true, ...step } : step));
}
