import type { ExtensionChoice } from '@prunebench/core';
import { defineExtension, type Extension, type ExtensionKind, type TrainingStart } from '@prunebench/network';
import { z } from 'zod';

const citation = { authors: 'none', title: 'none', year: 2000, venue: 'none', url: 'https://example.org' };

/** What a train step lists, and what the training may find it by, for extensions that a test writes down. */
export function extended(...made: readonly (Extension | ((start: TrainingStart) => Extension))[]): {
  readonly listed: ExtensionChoice[];
  readonly known: ReadonlyMap<string, ExtensionKind>;
} {
  const kinds = made.map((extension, i) =>
    defineExtension({
      id: `e${i}`,
      title: 'test',
      citation,
      options: z.strictObject({}),
      create: (_, start) => (typeof extension === 'function' ? extension(start) : extension),
    }),
  );
  return { listed: kinds.map(({ id }) => ({ id, options: {} })), known: new Map(kinds.map((kind) => [kind.id, kind])) };
}
