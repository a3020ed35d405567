import { readFile } from 'node:fs/promises';
import { citationOf } from '@prunebench/core';
import { loadRegistry } from '@prunebench/runner';
import test from 'ava';
import { families, methodsTable, tablePath } from '../methods-table.ts';

test('docs/methods.md is what the registry says (otherwise run `pnpm methods-table`)', async (t) => {
  t.is(await readFile(tablePath, 'utf8'), await methodsTable());
});

test('every criterion and method of every family is registered', async (t) => {
  const { methods } = await loadRegistry();
  const packages = await families();
  t.true(packages.some(({ folder }) => folder === 'packages/criteria/magnitude'));
  for (const { folder, entries } of packages) for (const { id } of entries) t.true(methods.has(id), `${folder}: ${id}`);
});

test("every way in which an authors' program does something else is on the page, under its criterion", async (t) => {
  const { criteria } = await loadRegistry();
  const sections = (await methodsTable()).split(/\n\*\*/);
  const deviating = [...criteria.values()].filter(({ deviations }) => deviations);
  t.true(deviating.some(({ id }) => id === 'snip'));
  for (const { id, deviations = [] } of deviating) {
    const section = sections.find((text) => text.includes(`(\`${id}\`)`))!;
    for (const text of deviations) t.true(section.includes(`- ${text}`), id);
  }
});

test('the table has a line for each, with its paper', async (t) => {
  const { criteria, methods } = await loadRegistry();
  const lines = (await methodsTable()).split('\n').filter((line) => line.startsWith('| `'));
  t.is(lines.length, new Set([...criteria.keys(), ...methods.keys()]).size);
  for (const { id, citation } of methods.values())
    t.true(
      lines.some((line) => line.includes(`\`${id}\``) && line.includes(citationOf(citation).url)),
      id,
    );
});
