import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { PrunebenchError } from '@prunebench/core';
import test from 'ava';
import { checkResults } from '../src/doctor/results.ts';
import { diskError } from '../src/files.ts';
import { takeLock } from '../src/lock.ts';
import { existingResults, openResults, reopenResults } from '../src/results-folder.ts';

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
