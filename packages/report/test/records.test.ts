import { access, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PrunebenchError, sealed } from '@prunebench/core';
import test from 'ava';
import { loadRecords } from '../src/index.ts';
import { edit, workplace } from './tiny-benchmark.ts';

const first = (resultsDir: string) => join(resultsDir, 'tiny', 'records', 'cpu', 'global-0.9-0.json');

test('all records below a results folder, and nothing else, in the order of their names', async (t) => {
  const { resultsDir } = await workplace();
  await writeFile(join(resultsDir, 'tiny', 'notes.json'), '{}');
  const { records, files, corrupt } = await loadRecords(resultsDir);
  t.is(records.length, 18);
  t.deepEqual([...files.values()], [...files.values()].toSorted());
  t.deepEqual(corrupt, []);
  t.is((await loadRecords(join(resultsDir, 'nowhere'))).records.length, 0);
});

test('a record that was cut short is set aside, reported or refused, as asked', async (t) => {
  const { resultsDir } = await workplace();
  await writeFile(first(resultsDir), '{"schema": 1, "key": "glo');
  await t.throwsAsync(loadRecords(resultsDir), { instanceOf: PrunebenchError, message: /global-0\.9-0\.json/ });
  const reported = await loadRecords(resultsDir, { onCorrupt: 'report' });
  t.is(reported.records.length, 17);
  t.is(reported.corrupt[0]!.file, first(resultsDir));
  await loadRecords(resultsDir, { onCorrupt: 'set-aside' });
  await t.notThrowsAsync(access(`${first(resultsDir)}.corrupt`));
  t.is((await loadRecords(resultsDir)).records.length, 17);
});

test('a record with a missing or unknown field is named with the field', async (t) => {
  const { resultsDir } = await workplace();
  await edit(first(resultsDir), '"seed": 0', '"sede": 0');
  const { corrupt } = await loadRecords(resultsDir, { onCorrupt: 'report' });
  t.regex(corrupt[0]!.reason, /spec\.seed/);
});

test('a record whose numbers were changed after it was written is none', async (t) => {
  const { resultsDir } = await workplace();
  const file = first(resultsDir);
  await writeFile(file, JSON.stringify(sealed(JSON.parse(await readFile(file, 'utf8'))), null, 2));
  t.is((await loadRecords(resultsDir)).records.length, 18);
  await edit(file, '"remaining": 60', '"remaining": 61');
  const { records, corrupt } = await loadRecords(resultsDir, { onCorrupt: 'report' });
  t.is(records.length, 17);
  t.deepEqual(
    corrupt.map((found) => found.file),
    [file],
  );
  t.regex(corrupt[0]!.reason, /does not match its digest/);
});

test('a record of another schema version stops everything and stays where it is', async (t) => {
  const { resultsDir } = await workplace();
  await edit(first(resultsDir), '"schema": 1', '"schema": 99');
  await t.throwsAsync(loadRecords(resultsDir, { onCorrupt: 'set-aside' }), {
    instanceOf: PrunebenchError,
    message: /version 99/,
  });
  await t.notThrowsAsync(access(first(resultsDir)));
});
