import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brokenSeal, PrunebenchError, trialRecord } from '@prunebench/core';
import test from 'ava';
import { sealRecords } from '../seal-records.ts';

const fixture = fileURLToPath(new URL('../../packages/report/test/fixtures/results', import.meta.url));

async function copy() {
  const results = await mkdtemp(join(tmpdir(), 'seal-'));
  await cp(fixture, results, { recursive: true });
  const records = join(results, 'tiny', 'records', 'cpu');
  const names = await readdir(records);
  const texts = () => Promise.all(names.map((name) => readFile(join(records, name), 'utf8')));
  const first = join(records, names[0]);
  return { results, names, texts, first, [Symbol.asyncDispose]: () => rm(results, { recursive: true }) };
}

test('records get a digest and keep everything else; those that have one are left alone', async (t) => {
  await using folder = await copy();
  const before = await folder.texts();
  t.deepEqual(await sealRecords(folder.results), { added: before.length, before: 0 });
  const after = await folder.texts();
  for (const [i, text] of after.entries()) {
    const { digest, ...rest } = JSON.parse(text);
    t.deepEqual(rest, trialRecord.parse(JSON.parse(before[i])), 'options that have come since have their defaults');
    t.is(brokenSeal(JSON.parse(text)), undefined);
    t.regex(digest, /^[0-9a-f]{32}$/);
  }
  t.deepEqual(await sealRecords(folder.results), { added: 0, before: before.length });
  t.deepEqual(await folder.texts(), after);
});

for (const [what, change] of Object.entries({
  'a changed number': (text: string) => text.replace(/("seed": )\d+/, '$17'),
  'a missing field': (text: string) => text.replace('"seed"', '"sede"'),
  'half a record': (text: string) => text.slice(0, 100),
}))
  test(`${what} is not sealed, and the file is named`, async (t) => {
    await using folder = await copy();
    await sealRecords(folder.results);
    const changed = change(await readFile(folder.first, 'utf8'));
    await writeFile(folder.first, changed);
    const error = await t.throwsAsync(sealRecords(folder.results), { instanceOf: PrunebenchError });
    t.true(error.message.startsWith(folder.first));
    t.is(await readFile(folder.first, 'utf8'), changed);
  });
