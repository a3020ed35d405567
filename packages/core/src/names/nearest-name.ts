import { closest } from 'fastest-levenshtein';

/** The known name that takes the fewest changes of single letters to be `name`; undefined when there is none. */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  const names = [...known];
  return names.length === 0 ? undefined : closest(name.toLowerCase(), names);
}
