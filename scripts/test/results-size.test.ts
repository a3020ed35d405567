/** What is published stays small enough for everybody's clone: CONTRIBUTING.md, Results. */
import { readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';

const LIMIT = 60e6;
const PICTURE_LIMIT = 60e3;
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

test('pictures have at most 60 KB each', async (t) => {
  const pictures = (await publishedFiles()).filter((path) => extname(path) === '.svg');
  t.true(pictures.length > 0, 'they were found');
  for (const path of pictures) {
    const { size } = await stat(path);
    t.true(
      size <= PICTURE_LIMIT,
      `${path}: ${(size / 1e3).toFixed(1)} KB; draw like elements as one path, or part it in two pictures`,
    );
  }
});
