import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import test from 'ava';
import { publishedColumns } from '../src/published-csv.ts';

test('docs/reference/published.md explains every column as the file is checked', async (t) => {
  const page = await readFile(resolve(import.meta.dirname, '../../../docs/reference/published.md'), 'utf8');
  const rows = [...page.matchAll(/^\| `(\w+)` \| (.*) \|$/gm)].map(([, name, meaning]) => [name, meaning]);
  t.deepEqual(rows, [...publishedColumns]);
});
