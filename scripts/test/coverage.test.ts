import { readFile } from 'node:fs/promises';
import { loadRegistry } from '@prunebench/runner';
import test from 'ava';
import { coverageFiles, coveragePage, withSentence } from '../coverage.ts';

test('docs/coverage.md and the sentence in README.md are what the registry says (otherwise run `node scripts/coverage.ts`)', async (t) => {
  for (const [path, text] of await coverageFiles()) t.is(await readFile(path, 'utf8'), text, path);
});

test('every criterion and method stands on the page once: under a method of the survey, or among those outside it', async (t) => {
  const registry = await loadRegistry();
  const page = coveragePage(registry);
  for (const id of registry.methods.keys()) t.is(page.split(`\`${id}\``).length - 1, 1, id);
});

test('what is counted in the first sentence are the rows that name something', async (t) => {
  const rows = coveragePage(await loadRegistry())
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| method') && !line.startsWith('| -'));
  const here = rows.filter((row) => row.includes('`'));
  t.is(rows.filter((row) => /\| not yet *\|/.test(row)).length, rows.length - here.length);
  t.true(coveragePage(await loadRegistry()).includes(`\n${here.length} of the ${rows.length} methods`));
});

test('only what stands between the markers is replaced, and a page without them is refused', (t) => {
  const page = 'a\n<!-- coverage:start -->\nold\n<!-- coverage:end -->\nb\n';
  t.is(withSentence(page, 'new'), 'a\n<!-- coverage:start -->\n\nnew\n\n<!-- coverage:end -->\nb\n');
  t.throws(() => withSentence('a\n', 'new'), { message: /README\.md has no lines/ });
});
