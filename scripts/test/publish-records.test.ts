import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PrunebenchError } from '@prunebench/core';
import { loadRecords } from '@prunebench/records';
import test from 'ava';
import { publishRecords } from '../migrations/publish-records.ts';

const fixture = fileURLToPath(new URL('../../packages/report/test/fixtures/results', import.meta.url));

async function copy() {
  const results = await mkdtemp(join(tmpdir(), 'publish-'));
  await cp(fixture, results, { recursive: true });
  const working = join(results, 'tiny', 'records', 'cpu');
  const published = () =>
    Promise.all(['measured', 'runs'].map((kind) => readFile(join(results, 'tiny', `${kind}-cpu.jsonl`), 'utf8')));
  return { results, working, published, [Symbol.asyncDispose]: () => rm(results, { recursive: true }) };
}

test('files become lines with the same records; again changes nothing, and what comes later is added', async (t) => {
  await using folder = await copy();
  const { records } = await loadRecords(folder.results);
  const [late, ...others] = await readdir(folder.working);
  const text = await readFile(join(folder.working, late), 'utf8');
  await rm(join(folder.working, late));
  t.is(await publishRecords(folder.results), others.length);
  const before = await folder.published();
  t.is(await publishRecords(folder.results), 0);
  t.deepEqual(await folder.published(), before);
  await cp(fixture, folder.results, { recursive: true, filter: (path) => !path.endsWith('.json') });
  await writeFile(join(folder.working, late), text);
  t.is(await publishRecords(folder.results), 1);
  t.deepEqual((await loadRecords(folder.results)).records, records);
});

test('one file that is no record keeps all of them from being touched', async (t) => {
  await using folder = await copy();
  const names = await readdir(folder.working);
  await writeFile(join(folder.working, names[3]), '{"schema": 1');
  const error = await t.throwsAsync(publishRecords(folder.results), { instanceOf: PrunebenchError });
  t.true(error.message.includes(names[3]));
  t.deepEqual(await readdir(folder.working), names);
});
