/**
 * Writes docs/reference/options.md, every option of trainings, criteria, methods, extensions and steps with type, range, default and
 * meaning from the schemas that check them, or with --check fails if it is not up to date.
 *
 *     node scripts/options-page.ts [--check]
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { criterionMethodOptions, trainOptions } from '@prunebench/core';
import { loadRegistry } from '@prunebench/runner';
import { markdownTable } from 'markdown-table';
import type { z } from 'zod';
import { type KnownOptions, type OptionRow, optionRows } from './describe-options.ts';
import { writeOrCheck } from './generated-page.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Where the page is kept. */
export const optionsPagePath = join(root, 'docs/reference/options.md');

/** Options that many entries have, described once. */
const KNOWN: readonly KnownOptions[] = [{ schema: trainOptions, name: '[options of a training](#training)' }];

/** Something that has options. */
export interface WithOptions {
  /** Names it in headings: "`snip`" */
  readonly name: string;
  readonly title: string;
  readonly options: z.ZodType;
}

/** A part of the page. */
export interface OptionsSection {
  readonly heading: string;
  readonly text: string;
  readonly entries: readonly WithOptions[];
}

/** Everything that has options, in the order of the page. */
export async function optionsSections(): Promise<readonly OptionsSection[]> {
  const { criteria, methods, extensions, steps } = await loadRegistry();
  const byId = <E extends { readonly id: string; readonly title: string; readonly options: z.ZodType }>(
    entries: Iterable<E>,
  ) => [...entries].map(({ id, title, options }) => ({ name: `\`${id}\``, title, options }));
  return [
    {
      heading: 'Training',
      text: 'What `pretrain` and `retrain` of a trial may say, and the options of a `train` step.',
      entries: [{ name: '', title: '', options: trainOptions }],
    },
    {
      heading: 'A criterion as a method',
      text: "What `options` of a trial may say where its method is a criterion's name; `criterion` holds the criterion's own options, which follow.",
      entries: [{ name: '', title: '', options: criterionMethodOptions }],
    },
    { heading: 'Criteria', text: 'Options of the criteria themselves.', entries: byId(criteria.values()) },
    {
      heading: 'Other methods',
      text: 'What `options` of a trial may say where its method is more than a criterion with a schedule.',
      entries: byId([...methods.values()].filter(({ id }) => !criteria.has(id))),
    },
    {
      heading: 'Extensions of training',
      text: 'What an entry of `extensions` in a training may say in its `options`.',
      entries: byId(extensions.values()),
    },
    {
      heading: 'Kinds of steps',
      text: 'For those who write a method.',
      entries: [...steps.values()].map(({ kind, options }) => ({ name: `\`${kind}\``, title: 'step', options })),
    },
  ];
}

/** The rows of an entry's options, with those that stand elsewhere referred to. */
export function rowsFor({ options }: WithOptions, { heading }: OptionsSection): readonly OptionRow[] {
  return optionRows(options, heading === 'Training' ? [] : KNOWN);
}

/** The text of docs/reference/options.md. */
export async function optionsPage(): Promise<string> {
  const sections = (await optionsSections()).map((section) => {
    const { heading, text, entries } = section;
    return [`## ${heading}`, text, ...entries.map((entry) => entrySection(entry, rowsFor(entry, section)))].join(
      '\n\n',
    );
  });
  return `${[
    '# Options',
    'Written by `pnpm options-page` from the schemas that check what you type; do not edit.',
    'An unknown option, or a value outside its range, is an error that names the nearest known one.\nAn option that is left out has its default, and a trial that says a default is the same trial as one that says nothing.',
    ...sections,
  ].join('\n\n')}\n`;
}

function entrySection({ name, title, options }: WithOptions, rows: readonly OptionRow[]): string {
  const heading = name === '' ? [] : [`### ${name}`, ...(title === 'step' ? [] : [title])];
  const known = KNOWN.find(({ schema }) => schema === options);
  const text = rows.length === 0 ? 'No options.' : table(rows);
  return [...heading, known && name !== '' ? `The ${known.name}.` : text].join('\n\n');
}

function table(rows: readonly OptionRow[]): string {
  const cells = rows.map(({ name, of, type, fallback, meaning }) => [
    `\`${name}\`${of === '' ? '' : ` (${of})`}`,
    type,
    fallback,
    meaning,
  ]);
  const escaped = cells.map((row) => row.map((cell) => cell.replaceAll('|', '\\|')));
  return markdownTable([['option', 'may be', 'default', 'meaning'], ...escaped]);
}

if (import.meta.main) await writeOrCheck(new Map([[optionsPagePath, await optionsPage()]]), 'options-page');
