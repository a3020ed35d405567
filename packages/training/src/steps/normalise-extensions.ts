import { type ExtensionChoice, type NamedEntries, type Normalised, withoutDefaults } from '@prunebench/core';

/** Of a training: the defaults among the options of its `extensions` are left out, and their revisions count. */
export function normaliseExtensions(
  options: Readonly<Record<string, unknown>>,
  { extensions: known }: Pick<NamedEntries, 'extensions'>,
): Normalised {
  const { extensions = [], ...others } = options as { extensions?: readonly Partial<ExtensionChoice>[] };
  if (extensions.length === 0) return { options };
  const chosen = extensions.map(({ id = '', options: own = {} }) => {
    const entry = known.get(id);
    return { id, options: entry ? withoutDefaults(entry.options, own) : own };
  });
  const revisions = extensions.flatMap(({ id = '' }) => {
    const revision = known.get(id)?.revision;
    return revision === undefined ? [] : [[id, revision] as const];
  });
  return {
    options: { ...others, extensions: chosen },
    ...(revisions.length === 0 ? {} : { extensionRevisions: Object.fromEntries(revisions) }),
  };
}
