import { glob } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bibliography, paperOf } from '@prunebench/core';
import { loadPublished } from '@prunebench/report';
import test from 'ava';

const root = fileURLToPath(new URL('../../..', import.meta.url));

test('every table cites the bibliography, with the year that stands there', async (t) => {
  const cited = new Set<string>();
  for await (const path of glob('benchmarks/*/published.csv', { cwd: root }))
    for (const { paper, year } of await loadPublished(join(root, path))) {
      t.is(paperOf(paper)?.year, year, `${path}: ${paper}`);
      cited.add(paper);
    }
  t.true(cited.has('lee2019snip'));
});

test('a key names first author and year, and a paper stands once', (t) => {
  const places = new Set<string>();
  for (const [key, { authors, year, url, venue }] of Object.entries(bibliography)) {
    const [first] = authors.split(', ');
    const plain = first.toLowerCase().replace(/[^a-z]/g, '');
    t.true(key.startsWith(`${plain}${year}`), key);
    t.false(places.has(url), url);
    places.add(url);
    const inVenue = /(?:19|20)\d\d$/.exec(venue);
    if (inVenue) t.is(Number(inVenue[0]), year, key);
  }
});
