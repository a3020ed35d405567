import { glob } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadPublished } from '@prunebench/report';
import test from 'ava';
import { loadRegistry } from '../src/index.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const arxiv = (text: string) => /(?:arXiv |arxiv\.org\/abs\/)(\d{4}\.\d{4,5})/i.exec(text)?.[1];

test('a paper has one year: in the tables, in the text of its own row and where its method is cited', async (t) => {
  const registry = await loadRegistry();
  const years = new Map<string, Set<number>>();
  const saw = (id: string | undefined, year: number) => {
    if (id) years.set(id, (years.get(id) ?? new Set()).add(year));
  };
  for (const { citation } of [...registry.criteria.values(), ...registry.methods.values()])
    saw(arxiv(citation.url), citation.year);
  for await (const path of glob('benchmarks/*/published.csv', { cwd: root }))
    for (const { paper, year } of await loadPublished(join(root, path))) {
      saw(arxiv(paper), year);
      const venue = /\((?:[^()]* )?((?:19|20)\d\d)(?:,[^()]*)?\)/.exec(paper)?.[1];
      if (venue) t.is(year, Number(venue), `${path}: ${paper}`);
    }
  t.true(years.has('1810.02340'));
  for (const [id, all] of years) t.is(all.size, 1, `${id}: ${[...all].join(', ')}`);
});
