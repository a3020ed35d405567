import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PrunebenchError } from '@prunebench/core';
import { diskError } from '@prunebench/files';
import { publishedFiles, readTable, workingFolder } from '@prunebench/records';
import test from 'ava';
import { checkResults } from '../src/doctor/results.ts';
import { createDisplay } from '../src/progress/display.ts';
import { lockResults, takeLock } from '../src/results/lock.ts';
import { existingResults, openResults, reopenResults } from '../src/results/results-folder.ts';

async function temporary() {
  const root = await mkdtemp(join(tmpdir(), 'results-'));
  return { root, [Symbol.asyncDispose]: () => rm(root, { recursive: true }) };
}

test('a new folder says its schema version and can be opened again', async (t) => {
  await using folder = await temporary();
  const root = join(folder.root, 'a', 'b');
  await t.throwsAsync(existingResults(root), { instanceOf: PrunebenchError, message: /no results.json/ });
  await openResults(root);
  t.deepEqual(JSON.parse(await readFile(join(root, 'results.json'), 'utf8')), { schema: 1 });
  await openResults(root);
  await t.notThrowsAsync(existingResults(root));
});

test('a folder whose cache of stages is gone, as in a fresh clone, can be locked and written to again', async (t) => {
  await using folder = await temporary();
  await t.throwsAsync(reopenResults(join(folder.root, 'none')), { instanceOf: PrunebenchError });
  const { stages } = await openResults(folder.root);
  await rm(stages, { recursive: true });
  const release = await takeLock((await reopenResults(folder.root)).lock);
  await t.notThrowsAsync(release());
});

test('a folder of another schema version is refused', async (t) => {
  await using folder = await temporary();
  await writeFile(join(folder.root, 'results.json'), '{"schema": 999}');
  const error = await t.throwsAsync(openResults(folder.root), { instanceOf: PrunebenchError });
  t.regex(error.message, /schema version 999.*reads and writes 1/);
  t.regex(error.remedy ?? '', /--results/);
});

test('a results.json that is no JSON is named', async (t) => {
  await using folder = await temporary();
  await writeFile(join(folder.root, 'results.json'), '{');
  await t.throwsAsync(openResults(folder.root), {
    instanceOf: PrunebenchError,
    message: /results\.json is not valid JSON/,
  });
});

test('a folder that cannot be created is a clear error, and comes back at once', async (t) => {
  await using folder = await temporary();
  const file = join(folder.root, 'file');
  await writeFile(file, '');
  for (const path of [file, join(file, 'below'), '/proc/results'])
    await t.throwsAsync(openResults(path), { instanceOf: PrunebenchError, message: /\(E[A-Z]+\)/ }, path);
});

test('a file in the place of the folder, or above it, is called one where the folder is only read', async (t) => {
  await using folder = await temporary();
  const file = join(folder.root, 'file');
  await writeFile(file, '');
  const message = `A file stands where a folder is needed: ${file}.`;
  for (const path of [file, join(file, 'below')]) {
    await t.throwsAsync(existingResults(path), { instanceOf: PrunebenchError, message }, path);
    t.like(await checkResults(path), { status: 'fail', detail: message });
  }
});

test('a full disk is recognised behind other errors, and other errors are not taken for one', (t) => {
  const full = Object.assign(new Error('write'), { code: 'ENOSPC', path: '/x' });
  const wrapped = new PrunebenchError('Cannot write the checkpoint', { cause: full });
  t.regex(diskError(wrapped)?.message ?? '', /disk is full: \/x/);
  t.is(diskError(Object.assign(new Error('open'), { code: 'ENOENT' })), undefined);
  t.is(diskError(new PrunebenchError('something else')), undefined);
});

test('a held lock is respected until it is given back', async (t) => {
  await using folder = await temporary();
  const lock = join(folder.root, 'lock');
  const release = await takeLock(lock);
  const error = await t.throwsAsync(takeLock(lock), { instanceOf: PrunebenchError });
  t.regex(error.message, new RegExp(`process ${process.pid}`));
  await release();
  await (await takeLock(lock))();
});

test('a lock whose process is gone, or that was never written, is taken over', async (t) => {
  await using folder = await temporary();
  const lock = join(folder.root, 'lock');
  const { pid } = spawnSync(process.execPath, ['--version']);
  for (const content of [JSON.stringify({ pid, host: hostname() }), '', '{"pid":']) {
    await writeFile(lock, content);
    await (await takeLock(lock))();
  }
  t.pass();
});

test('a lock of another machine is not judged', async (t) => {
  await using folder = await temporary();
  const lock = join(folder.root, 'lock');
  await writeFile(lock, JSON.stringify({ pid: 1, host: `not-${hostname()}` }));
  await t.throwsAsync(takeLock(lock), { instanceOf: PrunebenchError, message: /on not-/ });
});

/** What may stand in the place of a file: reading it would never end, or fail in some way of its own. */
const others: Readonly<Record<string, (path: string) => Promise<unknown>>> = {
  'a folder': (path) => mkdir(path),
  'a named pipe': async (path) => execFileSync('mkfifo', [path]),
  'a device': (path) => symlink('/dev/zero', path),
  'a link that leads nowhere': (path) => symlink('nowhere', path),
  'a link to itself': (path) => symlink(path, path),
  'a file without end': async (path) => {
    await writeFile(path, '');
    await truncate(path, 2 ** 40);
  },
};
for (const [what, make] of Object.entries(others)) {
  test(`${what} in the place of results.json, the lock or a record is a clear error`, async (t) => {
    await using folder = await temporary();
    const { table, lock } = await openResults(folder.root);
    const { measured } = publishedFiles(table('tiny', 'smoke'));
    const of = dirname(measured);
    await mkdir(of, { recursive: true });
    await make(lock);
    await make(measured);
    await rm(join(folder.root, 'results.json'));
    await make(join(folder.root, 'results.json'));
    const reads: Readonly<Record<string, () => Promise<unknown>>> = {
      lock: () => takeLock(lock),
      'measured-smoke.jsonl': () => readTable(table('tiny', 'smoke'), t.log),
      'results.json': () => openResults(folder.root),
      '/results.json': () => existingResults(folder.root),
    };
    for (const [name, read] of Object.entries(reads)) {
      const error = await t.throwsAsync<PrunebenchError>(read(), { instanceOf: PrunebenchError }, name);
      t.true(error.message.includes(name), error.message);
      t.truthy(error.remedy);
    }
  });

  test(`${what} in the place of the log is said once and not waited for`, async (t) => {
    await using folder = await temporary();
    const log = join(folder.root, 'run.log');
    if (what === 'a file without end') return t.pass('a log is not read');
    await make(log);
    const said: string[] = [];
    const stream = { isTTY: false, write: (text: string) => said.push(text) } as unknown as NodeJS.WriteStream;
    const display = createDisplay(stream, log);
    display.line('one');
    display.line('two');
    const lines = said.join('').split('\n');
    if (what === 'a link that leads nowhere')
      return t.deepEqual(lines, ['one', 'two', ''], 'the log is where it leads');
    t.deepEqual([lines[0], lines[2]], ['one', 'two']);
    t.regex(lines[1], /The log cannot be written any more/);
  });
}

test('who gets the lock sweeps what killed runs left half written, wherever a run writes', async (t) => {
  await using root = await temporary();
  const folder = await openResults(root.root);
  const stage = join(folder.stages, 'a'.repeat(32));
  const records = workingFolder(folder.table('tiny', 'cpu'));
  for (const made of [stage, records]) await mkdir(made, { recursive: true });
  const draft = '0f8fad5b-d9cb-469f-a165-70867728950e.tmp';
  const left = [
    join(folder.root, 'leaderboard.csv.2846193057'),
    join(folder.root, `results.json.${draft}`),
    join(folder.root, 'tiny', `accuracy-cpu.svg.${draft}`),
    join(records, 'name.json.2846193057'),
    join(records, `name.json.${draft}`),
    join(folder.root, 'tiny', `measured-cpu.jsonl.${draft}`),
    join(stage, `evaluations.json.${draft}`),
    join(stage, 'evaluations.json.2846193057'),
    join(folder.stages, `b.${draft}`),
    join(folder.stages, `lock.${draft}`),
  ];
  const kept = [join(records, 'name.json'), join(stage, 'stage.json'), join(folder.root, 'tiny', 'table-cpu.csv')];
  for (const file of [...left, ...kept]) await writeFile(file, '');
  const before = await files(folder.root);
  const held = await takeLock(folder.lock);
  await t.throwsAsync(lockResults(folder), { instanceOf: PrunebenchError });
  await held();
  t.deepEqual(await files(folder.root), before, 'nobody else does');
  await (await lockResults(folder))();
  t.deepEqual(await files(folder.root), [...kept, join(folder.root, 'results.json')].sort());
});

async function files(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
