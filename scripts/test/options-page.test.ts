import { readFile } from 'node:fs/promises';
import test from 'ava';
import { z } from 'zod';
import { optionRows } from '../describe-options.ts';
import { optionsPage, optionsPagePath, optionsSections, rowsFor } from '../options-page.ts';

test('docs/reference/options.md is what the schemas say (otherwise run `pnpm options-page`)', async (t) => {
  t.is(await readFile(optionsPagePath, 'utf8'), await optionsPage());
});

test('every option says what it means', async (t) => {
  const silent: string[] = [];
  for (const section of await optionsSections())
    for (const entry of section.entries)
      for (const { name, meaning } of rowsFor(entry, section))
        if (meaning.trim() === '') silent.push(`${section.heading}, ${entry.name}: ${name}`);
  t.deepEqual(silent, [], 'give these a .describe() where they are declared');
});

test('everything with options is on the page once', async (t) => {
  const page = await optionsPage();
  for (const { heading, entries } of await optionsSections()) {
    const part = page.split(`\n## ${heading}\n`)[1].split('\n## ')[0];
    for (const { name } of entries.filter((entry) => entry.name !== ''))
      t.is(part.split(`\n### ${name}\n`).length, 2, `${heading}: ${name}`);
  }
});

test('types, ranges and defaults as they are typed', (t) => {
  const inner = z.strictObject({ depth: z.int().min(2).max(9).describe('how deep') });
  const rows = optionRows(
    z.strictObject({
      share: z.number().gt(0).lt(1).default(0.5).describe('a share'),
      count: z.int().positive().describe('a count'),
      mode: z.enum(['on', 'off']).optional().describe('a mode'),
      order: z
        .union([z.literal(1), z.literal(2)])
        .default(2)
        .describe('an order'),
      pair: z
        .tuple([z.number(), z.number().max(3)])
        .default([0, 1])
        .describe('a pair'),
      limit: z.number().min(0).nullable().default(null).describe('a limit'),
      inner: inner.describe('an object'),
      known: z.strictObject({ x: z.boolean() }).default({ x: true }).describe('elsewhere'),
      way: z
        .discriminatedUnion('kind', [
          z.strictObject({ kind: z.literal('a') }),
          z.strictObject({ kind: z.enum(['b', 'c']), list: z.array(z.string()).describe('names') }),
        ])
        .default({ kind: 'a' })
        .describe('a way'),
    }),
    [{ schema: z.strictObject({ x: z.boolean() }), name: 'the known ones' }],
  );
  t.deepEqual(
    rows.map(({ name, of, type, fallback, meaning }) => [name, of, type, fallback, meaning].join(' | ')),
    [
      'share |  | number > 0, < 1 | `0.5` | a share',
      'count |  | whole number > 0 | required | a count',
      'mode |  | `on`, `off` |  | a mode',
      'order |  | `1`, or `2` | `2` | an order',
      'pair |  | [number; number ≤ 3] | `[0,1]` | a pair',
      'limit |  | number ≥ 0, or null | `null` | a limit',
      'inner |  | object | required | an object',
      'inner.depth |  | whole number ≥ 2, ≤ 9 | required | how deep',
      'known |  | the known ones | `{"x":true}` | elsewhere',
      'way |  | `kind`: `a`, `b`, `c` | `{"kind":"a"}` | a way',
      'way.list | `b`, `c` | list of string | required | names',
    ],
  );
});
