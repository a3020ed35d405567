/**
 * Writes docs/methods.md, the table of all registered criteria and methods, or with --check fails if it is not up to date.
 *
 *     node scripts/methods-table.ts [--check]
 */
import { glob } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Citation, type Criterion, citationOf, type Method, type PaperKey, shortCitation } from '@prunebench/core';
import { loadRegistry } from '@prunebench/runner';
import { markdownTable } from 'markdown-table';
import { writeOrCheck } from './generated-page.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Where the table is kept. */
export const tablePath = join(root, 'docs/methods.md');

/** What a package exports. */
export interface Family {
  /** The package's folder, from the repository's root. */
  readonly folder: string;
  /** Its criteria and methods, exported by name or in a list. */
  readonly entries: readonly (Criterion | Method)[];
}

/** The packages that have criteria or methods of the suite: all families but the template, and training. */
export async function families(): Promise<readonly Family[]> {
  const found: Family[] = [];
  for await (const path of glob(['packages/criteria/*/src/index.ts', 'packages/training/src/index.ts'], {
    cwd: root,
  })) {
    const folder = dirname(dirname(path));
    if (folder.endsWith('/template')) continue;
    const exported: unknown[] = Object.values(await import(pathToFileURL(join(root, path)).href));
    found.push({ folder, entries: [...new Set(exported.flat().filter(isEntry))] });
  }
  return found.sort((a, b) => (a.folder < b.folder ? -1 : 1));
}

function isEntry(value: unknown): value is Criterion | Method {
  return typeof value === 'object' && value !== null && 'citation' in value && ('score' in value || 'steps' in value);
}

/** The text of docs/methods.md. */
export async function methodsTable(): Promise<string> {
  const registry = await loadRegistry();
  const packages = await families();
  const criteria = [...registry.criteria.values()];
  const others = [...registry.methods.values()].filter(({ id }) => !registry.criteria.has(id));
  return `${[
    '# Methods',
    'Written by `pnpm methods-table` from the registry; do not edit.',
    `## Criteria (${criteria.length})`,
    'Each is a method through `fromCriterion`, with any schedule, scope and allocation. _Scores_ is the granularity: what is removed.' +
      '\n_When_ is where the paper scores the network; the option `when` overrides it.',
    table(
      ['id', 'title', 'paper', 'family in the survey', 'scores', 'reads', 'when', 'package'],
      sortedRows(criteria, (criterion) => [
        criterion.taxonomy,
        criterion.granularity.map((unit) => `${unit}s`).join(', '),
        criterion.needs.join(', '),
        criterion.when,
        packageOf(criterion.id, packages),
      ]),
    ),
    ...methodsSection(others, packages),
    ...deviationsSection(criteria),
  ].join('\n\n')}\n`;
}

function methodsSection(methods: readonly Method[], packages: readonly Family[]): readonly string[] {
  if (methods.length === 0) return [];
  return [
    `## Other methods (${methods.length})`,
    'Whole procedures that are more than a criterion with a schedule.',
    table(
      ['id', 'title', 'paper', 'family in the survey', 'package'],
      sortedRows(methods, (method) => [method.taxonomy, packageOf(method.id, packages)]),
    ),
  ];
}

function deviationsSection(criteria: readonly Criterion[]): readonly string[] {
  const deviating = criteria.filter(({ deviations }) => deviations && deviations.length > 0);
  if (deviating.length === 0) return [];
  return [
    "## Where the authors' programs do something else",
    'Read in their repositories, and compared with this suite on the same weights and examples. Where an option does it their way, it is named; the defaults are ours.',
    ...byFamily(deviating).map(({ id, title, deviations = [] }) =>
      [`**${title}** (\`${id}\`)`, deviations.map((text) => `- ${text}`).join('\n')].join('\n\n'),
    ),
  ];
}

interface Entry {
  readonly id: string;
  readonly title: string;
  readonly taxonomy: string;
  readonly citation: Citation | PaperKey;
}

/** By family, then by year, then by id. */
function byFamily<E extends Entry>(entries: readonly E[]): readonly E[] {
  const key = ({ taxonomy, citation, id }: Entry) => `${taxonomy} ${citationOf(citation).year} ${id}`;
  return [...entries].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

function sortedRows<E extends Entry>(
  entries: readonly E[],
  columns: (entry: E) => readonly string[],
): readonly string[][] {
  return byFamily(entries).map((entry) => [
    `\`${entry.id}\``,
    entry.title,
    paper(citationOf(entry.citation)),
    ...columns(entry),
  ]);
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const escaped = rows.map((row) => row.map((cell) => cell.replaceAll('|', '\\|')));
  return markdownTable([[...header], ...escaped]);
}

/** "Han et al. [2015](https://...), NeurIPS 2015" */
function paper(citation: Citation): string {
  const { year, venue, url } = citation;
  return `${shortCitation(citation).replace(` ${year}`, ` [${year}](${url})`)}, ${venue}`;
}

function packageOf(id: string, packages: readonly Family[]): string {
  const family = packages.find(({ entries }) => entries.some((entry) => entry.id === id));
  return family ? `[${family.folder.split('/').at(-1)}](../${family.folder})` : '';
}

if (import.meta.main) await writeOrCheck(new Map([[tablePath, await methodsTable()]]), 'methods-table');
