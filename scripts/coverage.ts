/**
 * Writes docs/coverage.md, which of the survey's methods are here, and the sentence about it in README.md; with --check fails if
 * either is not up to date.
 *
 *     node scripts/coverage.ts [--check]
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PrunebenchError } from '@prunebench/core';
import { loadRegistry, type Registry } from '@prunebench/runner';
import { markdownTable } from 'markdown-table';
import { writeOrCheck } from './generated-page.ts';
import { type SurveyMethod, surveyMethods } from './survey-methods.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

const START = '<!-- coverage:start -->';
const END = '<!-- coverage:end -->';

/** Every entry that carries out something of a paper, by id: criteria, methods, extensions and steps. */
function entriesOf({ criteria, methods, extensions, steps }: Registry): ReadonlySet<string> {
  return new Set([criteria, methods, extensions, steps].flatMap((each) => [...each.keys()]));
}

/** Criteria and methods that no method of the survey names. */
function beyondSurvey({ methods }: Registry): readonly string[] {
  const named = new Set(surveyMethods.flatMap(({ entries }) => entries));
  return [...methods.keys()].filter((id) => !named.has(id)).sort();
}

/**
 * The survey's methods that are here, among all of them.
 *
 * @throws PrunebenchError for an entry that is not registered
 */
function present(registry: Registry): readonly SurveyMethod[] {
  const known = entriesOf(registry);
  for (const { name, entries } of surveyMethods)
    for (const id of entries)
      if (!known.has(id))
        throw new PrunebenchError(`scripts/survey-methods.ts: '${name}' names '${id}', which is not registered.`, {
          remedy: 'Name it as `prunebench list` does, or leave it out.',
        });
  return surveyMethods.filter(({ entries }) => entries.length > 0);
}

/** The text of docs/coverage.md. */
export function coveragePage(registry: Registry): string {
  const here = present(registry);
  const families = [...new Set(surveyMethods.map(({ family }) => family))];
  return `${[
    '# Which methods of the survey are here',
    'Written by `node scripts/coverage.ts` from scripts/survey-methods.ts and the registry; do not edit.',
    `${here.length} of the ${surveyMethods.length} methods that the chapter on pruning of J. O'Neill's [overview of neural network compression](https://arxiv.org/abs/2006.03669) describes.`,
    ...families.map((family) => familySection(family)),
    '## Not in the chapter',
    `Later methods, and baselines: ${beyondSurvey(registry)
      .map((id) => `\`${id}\``)
      .join(', ')}.`,
    'What each of them is, with its paper: [methods.md](methods.md).',
  ].join('\n\n')}\n`;
}

function familySection(family: string): string {
  const rows = surveyMethods
    .filter((method) => method.family === family)
    .map(({ name, paper, entries }) => [name, paper, entries.map((id) => `\`${id}\``).join(', ') || 'not yet']);
  return `## ${family}\n\n${markdownTable([['method', 'paper', 'here'], ...rows])}`;
}

/** The sentence about it in README.md. */
function coverageSentence(registry: Registry): string {
  const { criteria, methods, benchmarks } = registry;
  const others = [...methods.keys()].filter((id) => !criteria.has(id)).length;
  return (
    `${criteria.size} criteria and ${others} other methods: ${present(registry).length} of the ${surveyMethods.length} methods of the survey's chapter ` +
    `([which](docs/coverage.md)) and ${beyondSurvey(registry).length} from outside it, in ${benchmarks.size} benchmarks.`
  );
}

/** README.md with the sentence between its markers. */
export function withSentence(readme: string, sentence: string): string {
  const [before, rest = ''] = readme.split(START);
  const [, after] = rest.split(END);
  if (after === undefined)
    throw new PrunebenchError(`README.md has no lines ${START} and ${END}.`, {
      remedy: 'Put them where the sentence about coverage belongs.',
    });
  return `${before}${START}\n\n${sentence}\n\n${END}${after}`;
}

/** What the two files should hold, by their paths. */
export async function coverageFiles(): Promise<ReadonlyMap<string, string>> {
  const registry = await loadRegistry();
  const readme = join(root, 'README.md');
  return new Map([
    [join(root, 'docs/coverage.md'), coveragePage(registry)],
    [readme, withSentence(await readFile(readme, 'utf8'), coverageSentence(registry))],
  ]);
}

if (import.meta.main) await writeOrCheck(await coverageFiles(), 'exec node scripts/coverage.ts');
