import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { renderLeaderboard } from '../src/index.ts';
import { LEADERBOARD_SCHEMA } from '../src/tables/leaderboard.ts';

const PAGE = join(import.meta.dirname, '..', '..', '..', 'docs', 'reference', 'leaderboard.md');

/** The names in the first column of the table below a heading. */
function namedBelow(page: string, heading: string): string[] {
  const [, section = ''] = page.split(`\n## ${heading}\n`);
  const [own] = section.split('\n## ');
  return [...own!.matchAll(/^\| `([a-z_0-9]+)` \|/gm)].map(([, name]) => name!);
}

test('the reference page names every column of both files, in their order, and the version', async (t) => {
  const page = await readFile(PAGE, 'utf8');
  const both = namedBelow(page, 'Columns of both files');
  for (const [file, text] of renderLeaderboard([], [])) {
    const heads = text.trim().split(',');
    t.deepEqual(heads, [...both, ...namedBelow(page, `Columns of \`${file}\``)], file);
    t.is(new Set(heads).size, heads.length);
  }
  t.true(page.includes(`version of these columns, ${LEADERBOARD_SCHEMA};`));
});
