/** Publishing may be killed at any moment: no record is lost, none is read twice or half, and the next time ends in the same bytes. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { TrialRecord } from '@prunebench/core';
import test from 'ava';
import { foldRecords, foldTable, loadRecords, publishedFiles, workingFile, workingFolder } from '../src/index.ts';
import { elsewhere, madeUp, names, results } from './records.ts';

const PROGRAM = join(import.meta.dirname, 'fixtures', 'fold.ts');
const keys = names(60);

/** Of 60 trials 40 are published; 20 of these have run again, half of them to other numbers, and 20 have run for the first time. */
async function halfWay() {
  const folder = await results();
  await folder.write(keys.slice(0, 40).map((key) => madeUp(key)));
  await foldTable(folder.table);
  const again = keys.slice(20, 40).map((key, i) => elsewhere(madeUp(key, { control: i % 2 === 0 })));
  const working = [...again, ...keys.slice(40).map((key) => madeUp(key))];
  await folder.write(working);
  const records: readonly TrialRecord[] = [...keys.slice(0, 20).map((key) => madeUp(key)), ...working];
  return { ...folder, ...publishedFiles(folder.table), working, records };
}

/** What publishing without a kill ends in. */
async function undisturbed(): Promise<ReadonlyMap<string, string>> {
  await using folder = await halfWay();
  await foldRecords(folder.root);
  return folder.files();
}

test('between any two steps of publishing, all records are read as they will be', async (t) => {
  const end = await undisturbed();
  const [measured, runs] = [...end.values()];
  for (const { what, files, removed } of [
    { what: 'before', files: {}, removed: 0 },
    { what: 'runs are written', files: { runs }, removed: 0 },
    { what: 'both are written', files: { runs, measured }, removed: 0 },
    { what: 'the first working file is gone', files: { runs, measured }, removed: 1 },
    { what: 'all but one are gone', files: { runs, measured }, removed: 39 },
    { what: 'all are gone', files: { runs, measured }, removed: 40 },
  ]) {
    await using folder = await halfWay();
    if (files.runs) await writeFile(folder.runs, files.runs);
    if (files.measured) await writeFile(folder.measured, files.measured);
    for (const { key } of folder.working.slice(0, removed)) await rm(workingFile(folder.table, key));
    t.deepEqual((await loadRecords(folder.root)).records, folder.records, what);
    await foldRecords(folder.root);
    t.deepEqual(await folder.files(), end, what);
  }
});

/** When the process is killed, as seen from outside. */
const moments: Readonly<Record<string, (folder: Awaited<ReturnType<typeof halfWay>>, before: string) => boolean>> = {
  'the first draft is there': ({ root }) => readdirSync(join(root, 'tiny')).some((name) => name.endsWith('.tmp')),
  'the runs are replaced': ({ runs }, before) => readFileSync(runs, 'utf8') !== before,
  'working files go': ({ table, working }) => !existsSync(workingFile(table, working[0].key)),
  'some working files have gone': ({ table }) =>
    !existsSync(workingFolder(table)) || readdirSync(workingFolder(table)).length < 30,
};
for (const [what, reached] of Object.entries(moments))
  test.serial(`a process that is killed when ${what} loses nothing`, async (t) => {
    await using folder = await halfWay();
    const before = readFileSync(folder.runs, 'utf8');
    const child = fork(PROGRAM, [folder.root]);
    while (isRunning(child) && !reached(folder, before)) await setImmediate();
    child.kill('SIGKILL');
    if (isRunning(child)) await once(child, 'exit');
    t.deepEqual((await loadRecords(folder.root)).records, folder.records);
    await foldRecords(folder.root);
    const files = new Map([...(await folder.files())].filter(([name]) => !name.endsWith('.tmp')));
    t.deepEqual(files, await undisturbed());
  });

function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}
