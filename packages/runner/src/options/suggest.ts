import { nearestName, PrunebenchError } from '@prunebench/core';
import { distance } from 'fastest-levenshtein';

/** The known name nearest to `name`, when it is near enough to be what was meant. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  const candidate = nearestName(name, known);
  if (candidate === undefined) return undefined;
  return distance(name.toLowerCase(), candidate) <= Math.max(2, name.length / 3) ? candidate : undefined;
}

/**
 * The entry called `name`.
 *
 * @param what how the message calls the kind of thing: "method", "dataset" ...
 * @throws PrunebenchError that suggests the nearest name and lists all of them
 */
export function lookUp<T>(entries: ReadonlyMap<string, T>, what: string, name: string): T {
  const entry = entries.get(name);
  if (entry !== undefined) return entry;
  throw unknownName(what, name, entries.keys());
}

/** The error for a name that nobody knows. */
export function unknownName(what: string, name: string, known: Iterable<string>): PrunebenchError {
  const names = [...known].sort();
  const meant = nearest(name, names);
  const hint = meant === undefined ? '' : `Did you mean "${meant}"? `;
  return new PrunebenchError(`Unknown ${what} "${name}".`, { remedy: `${hint}Known: ${names.join(', ') || 'none'}.` });
}
