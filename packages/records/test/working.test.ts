/** The working form: a file for each trial. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PrunebenchError } from '@prunebench/core';
import test from 'ava';
import { foldRecords, loadRecords, readTable, recordTable, trialNames, workingFile } from '../src/index.ts';
import { madeUp, names, results } from './records.ts';

const keys = names(3);

test('all records below a results folder, and nothing else, by benchmark, scale and name', async (t) => {
  await using folder = await results();
  const cpu = recordTable(folder.root, 'other', 'cpu');
  await folder.write(keys.map((key) => madeUp(key)));
  await folder.write([madeUp(keys[0], { benchmark: 'other', scale: 'cpu' })], cpu);
  await writeFile(join(folder.root, 'tiny', 'notes.json'), '{}');
  await mkdir(join(folder.root, '.stages', 'a', 'records'), { recursive: true });
  await writeFile(join(folder.root, '.stages', 'a', 'records', 'stage.json'), '{}');
  const { records, places, corrupt } = await loadRecords(folder.root);
  t.deepEqual(
    records.map(({ benchmark, key }) => [benchmark, key]),
    [['other', keys[0]], ...keys.map((key) => ['tiny', key])],
  );
  t.is(places.get(records[0])!.file, workingFile(cpu, keys[0]));
  t.deepEqual(corrupt, []);
  t.is((await loadRecords(join(folder.root, 'nowhere'))).records.length, 0);
  await foldRecords(folder.root, 'other');
  t.deepEqual(
    (await trialNames(folder.root)).map(({ table, name }) => [table.benchmark, name]),
    [['other', keys[0]], ...keys.map((key) => ['tiny', key])],
    'names are found in both forms',
  );
});

test('a folder named records above the results makes nothing a record', async (t) => {
  const root = join(await mkdtemp(join(tmpdir(), 'prunebench-')), 'records', 'results');
  await mkdir(root, { recursive: true });
  await writeFile(join(root, 'results.json'), '{"schema": 1}');
  t.like(await loadRecords(root), { records: [], corrupt: [] });
  await rm(dirname(dirname(root)), { recursive: true });
});

const damaged: Readonly<Record<string, [to: (text: string) => string, reason: RegExp]>> = {
  'cut short': [(text) => text.slice(0, 40), /not valid JSON/],
  'with a field that has another name': [(text) => text.replace('"seed"', '"sede"'), /field spec\.seed/],
  'with a number that was changed': [(text) => text.replace('"remaining": 5', '"remaining": 6'), /match its digest/],
};
for (const [what, [to, reason]] of Object.entries(damaged))
  test(`a record ${what} is listed or refused, as asked, and never published`, async (t) => {
    await using folder = await results();
    await folder.write(keys.map((key) => madeUp(key)));
    const file = workingFile(folder.table, keys[1]);
    await writeFile(file, to(await readFile(file, 'utf8')));
    const { records, corrupt } = await loadRecords(folder.root, { onCorrupt: 'report' });
    t.is(records.length, 2);
    t.like(corrupt, [{ file, line: null, name: keys[1] }]);
    t.regex(corrupt[0].reason, reason);
    await t.throwsAsync(loadRecords(folder.root), { instanceOf: PrunebenchError });
    t.deepEqual(await foldRecords(folder.root), { folded: 2, left: 1 });
    t.true((await folder.files()).has(`tiny/records/smoke/${keys[1]}.json`));
  });

test('a corrupt working file is set aside; where the trial is published, that record stands', async (t) => {
  await using folder = await results();
  await folder.write(keys.slice(1).map((key) => madeUp(key)));
  await foldRecords(folder.root);
  await folder.write(keys.slice(0, 2).map((key) => madeUp(key)));
  for (const key of keys.slice(0, 2)) await writeFile(workingFile(folder.table, key), '{"schema": 1');
  const notices: string[] = [];
  const records = await readTable(folder.table, (line) => notices.push(line));
  t.deepEqual([...records.keys()], keys.slice(1));
  t.regex(
    notices[0],
    /0000\.json is corrupt \(not valid JSON.*\): set aside as 0+\.json\.corrupt-1; the trial runs again\.$/,
  );
  t.regex(notices[1], /0001\.json is corrupt .*; the published record stands\.$/);
  t.true((await folder.files()).has(`tiny/records/smoke/${keys[0]}.json.corrupt-1`));
});

test('a record in the folder of another table is read and not published', async (t) => {
  await using folder = await results();
  await folder.write([madeUp(keys[0])], recordTable(folder.root, 'tiny', 'cpu'));
  t.is((await loadRecords(folder.root)).records.length, 1);
  t.deepEqual(await foldRecords(folder.root), { folded: 0, left: 1 });
});

test('a record of another schema version stops everything and stays where it is', async (t) => {
  await using folder = await results();
  await folder.write([madeUp(keys[0])]);
  const file = workingFile(folder.table, keys[0]);
  const text = (await readFile(file, 'utf8')).replace('"schema": 1', '"schema": 99');
  await writeFile(file, text);
  for (const read of [() => loadRecords(folder.root, { onCorrupt: 'report' }), () => foldRecords(folder.root)])
    await t.throwsAsync(read(), { instanceOf: PrunebenchError, message: /version 99/ });
  t.is(await readFile(file, 'utf8'), text);
});
