/** What is published stays small enough for everybody's clone: CONTRIBUTING.md, Results. */
import { readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';

const LIMIT = 60e6;
const results = fileURLToPath(new URL('../../results', import.meta.url));

/** Files below `results` without caches and what a run has not published yet. */
async function publishedFiles(): Promise<readonly string[]> {
  const entries = await readdir(results, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !/[\\/](\.stages|records)[\\/]|\.(log|tmp)$/.test(path.slice(results.length)));
}

test('results have at most 60 MB', async (t) => {
  const sizes = await Promise.all((await publishedFiles()).map(async (path) => (await stat(path)).size));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  t.true(total > 1e6, 'they were found');
  t.true(total <= LIMIT, `${(total / 1e6).toFixed(1)} MB: move an older generation under a tag, see CONTRIBUTING.md`);
});

test('results hold numbers and pictures, no weights and no logs', async (t) => {
  const kinds = new Set((await publishedFiles()).map((path) => extname(path)));
  t.deepEqual(
    [...kinds].filter((kind) => !['.csv', '.json', '.jsonl', '.svg'].includes(kind)),
    [],
  );
});
