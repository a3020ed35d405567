import { type ExtensionChoice, type ExtensionEntry, nearestName, PrunebenchError } from '@prunebench/core';
import { type Extension, isExtensionKind, type TrainingStart } from '@prunebench/network';

/** An extension in one training, under the name that the train step lists. */
export interface NamedExtension {
  readonly id: string;
  readonly extension: Extension;
}

/**
 * What a train step lists, made for one training.
 *
 * @throws PrunebenchError for an unknown name, one that is listed twice, and options that it does not take
 */
export function madeExtensions(
  choices: readonly ExtensionChoice[],
  known: ReadonlyMap<string, ExtensionEntry>,
  start: TrainingStart,
): readonly NamedExtension[] {
  const made = new Map<string, Extension>();
  for (const { id, options } of choices) {
    if (made.has(id))
      throw new PrunebenchError(`The training lists extension ${id} twice.`, {
        remedy: 'List it once: its variables have one name each.',
      });
    made.set(id, kindOf(id, known).create(options, start));
  }
  return [...made].map(([id, extension]) => ({ id, extension }));
}

function kindOf(id: string, known: ReadonlyMap<string, ExtensionEntry>) {
  const entry = known.get(id);
  if (!entry) {
    const near = nearestName(id, [...known.keys()]);
    throw new PrunebenchError(`There is no extension of training called ${id}.`, {
      remedy: near ? `Did you mean ${near}?` : 'Run `./prunebench list extensions` to see which there are.',
    });
  }
  if (isExtensionKind(entry)) return entry;
  throw new PrunebenchError(`Extension ${id} cannot be made: it has no create().`, {
    remedy: 'Declare it with defineExtension.',
  });
}
