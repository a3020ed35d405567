import { isObject, type NamedEntries, type Normalised, withoutDefaults } from '@prunebench/core';

/** Of a training: the defaults among the options of its `extensions` are left out, and their revisions count. */
export function normaliseExtensions(
  options: Readonly<Record<string, unknown>>,
  { extensions: known }: Pick<NamedEntries, 'extensions'>,
): Normalised {
  const { extensions, ...others } = options;
  if (!isList(extensions) || extensions.length === 0) return { options };
  const revisions: Record<string, number> = {};
  const chosen = extensions.map((choice) => {
    // What is no choice at all is refused where options are read.
    if (!isObject(choice)) return choice;
    const { id = '', options: own = {} } = choice;
    const entry = known.get(String(id));
    if (entry?.revision !== undefined) revisions[String(id)] = entry.revision;
    return { id, options: entry ? withoutDefaults(entry.options, own) : own };
  });
  return {
    options: { ...others, extensions: chosen },
    ...(Object.keys(revisions).length === 0 ? {} : { extensionRevisions: revisions }),
  };
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}
