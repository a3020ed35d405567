import { type ChildProcess, fork, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { FileError, type Held, type LockHolder, processMark, tryLock } from '../src/index.ts';
import { temporary } from './fixtures/folder.ts';

const CONTENDER = fileURLToPath(new URL('fixtures/contender.ts', import.meta.url));
const deadPid = () => spawnSync(process.execPath, ['--version']).pid;
const stale = (pid = deadPid()) => JSON.stringify({ pid, host: hostname() });

async function taken(path: string): Promise<Held> {
  const lock = await tryLock(path);
  if ('release' in lock) return lock;
  throw new Error(`held by ${JSON.stringify(lock)}`);
}

test('a lock is held until it is given back, and leaves nothing', async (t) => {
  await using folder = await temporary();
  const path = join(folder.root, 'lock');
  const lock = await taken(path);
  const other = (await tryLock(path)) as LockHolder;
  t.is(other.pid, process.pid);
  t.is(other.host, hostname());
  await lock.release();
  await (await taken(path)).release();
  t.deepEqual(await readdir(folder.root), []);
});

test('a lock whose process is gone, or that says nothing, is taken over', async (t) => {
  await using folder = await temporary();
  const path = join(folder.root, 'lock');
  for (const content of [
    stale(),
    '',
    '{"pid":',
    '{"pid": 0, "host": "x"}',
    'null',
    `{"pid": -1, "host": "${hostname()}"}`,
  ]) {
    await writeFile(path, content);
    await (await taken(path)).release();
  }
  t.deepEqual(await readdir(folder.root), []);
});

test('a number that another process has by now does not keep the lock', async (t) => {
  await using folder = await temporary();
  const path = join(folder.root, 'lock');
  const me = { ...processMark(process.pid), host: hostname() };
  const parent = { ...processMark(process.ppid), host: hostname() };
  const reused = [
    { pid: process.pid, host: hostname() },
    { ...me, start: '1' },
    { ...me, boot: 'before the restart' },
    ...(process.platform === 'linux'
      ? [
          { ...parent, start: '1' },
          { ...parent, boot: 'before the restart' },
        ]
      : []),
  ];
  for (const holder of reused) {
    await writeFile(path, JSON.stringify(holder));
    await (await taken(path)).release();
  }
  for (const holder of [me, parent, { pid: process.ppid, host: hostname() }, { pid: 1, host: `not-${hostname()}` }]) {
    await writeFile(path, JSON.stringify(holder));
    t.like(await tryLock(path), { pid: holder.pid, host: holder.host });
  }
});

test('a process that has ended and that nobody has asked after holds no lock', async (t) => {
  if (process.platform !== 'linux') return t.pass('only Linux tells');
  await using folder = await temporary();
  // The shell has become a sleep that never asks after its child before the child ends: a shell might.
  const child = spawn('sh', ['-c', 'sleep 0.3 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [pid] = await once(child.stdout, 'data');
  const path = join(folder.root, 'lock');
  await writeFile(path, stale(Number(String(pid))));
  while (!/\) Z/.test(await readFile(`/proc/${Number(String(pid))}/stat`, 'utf8'))) await new Promise(setImmediate);
  await (await taken(path)).release();
  child.kill();
  t.pass();
});

test('of processes that race for one stale lock, one gets it', async (t) => {
  await using folder = await temporary();
  const contenders = Array.from({ length: 4 }, () => fork(CONTENDER));
  const dead = deadPid();
  for (let round = 0; round < 100; round++) {
    const path = join(folder.root, `lock-${round}`);
    await writeFile(path, stale(dead));
    const answers = contenders.map(answer);
    for (const contender of contenders) contender.send(path);
    const winners = (await Promise.all(answers)).filter(Boolean).length;
    if (winners !== 1) t.fail(`round ${round}: ${winners} hold the lock`);
  }
  for (const contender of contenders) contender.kill();
  t.pass();
});

const answer = (child: ChildProcess) =>
  new Promise<boolean>((resolve) => child.once('message', (took: boolean) => resolve(took)));

test('the claim of a process that died while it took over is no obstacle', async (t) => {
  await using folder = await temporary();
  const path = join(folder.root, 'lock');
  for (const name of [path, `${path}.claim`, `${path}.claim.claim`]) await writeFile(name, stale());
  await (await taken(path)).release();
  t.deepEqual(await readdir(folder.root), []);
});

test('a claim that nobody can be asked about is named, not waited for', async (t) => {
  await using folder = await temporary();
  const path = join(folder.root, 'lock');
  await writeFile(path, stale());
  for (const claim of [
    { pid: 1, host: `not-${hostname()}` },
    { pid: process.ppid, host: hostname() },
  ]) {
    await writeFile(`${path}.claim`, JSON.stringify(claim));
    t.deepEqual(await tryLock(path), { ...claim, file: `${path}.claim` });
  }
});

test('the lock of somebody else is not given back', async (t) => {
  await using folder = await temporary();
  const path = join(folder.root, 'lock');
  const lock = await taken(path);
  await writeFile(path, 'another');
  await lock.release();
  t.is(await readFile(path, 'utf8'), 'another');
});

test('a process that ends by itself gives its lock back', async (t) => {
  await using folder = await temporary();
  const path = join(folder.root, 'lock');
  const child = fork(CONTENDER);
  const took = answer(child);
  child.send(path);
  t.true(await took);
  child.disconnect();
  await once(child, 'exit');
  t.deepEqual(await readdir(folder.root), []);
});

const others: Readonly<Record<string, (path: string) => Promise<unknown>>> = {
  'a folder': (path) => mkdir(path),
  'a named pipe': async (path) => spawnSync('mkfifo', [path]),
  'a link that leads nowhere': (path) => symlink('nowhere', path),
  'a device': (path) => symlink('/dev/zero', path),
  'back to itself': (path) => symlink(path, path),
};
for (const [what, make] of Object.entries(others))
  test(`in place of the lock: ${what}`, async (t) => {
    await using folder = await temporary();
    const path = join(folder.root, 'lock');
    await make(path);
    const error = await t.throwsAsync(tryLock(path), { instanceOf: FileError });
    t.true(error.message.includes(path) && error.message.includes(what), error.message);
    t.deepEqual(await readdir(folder.root), ['lock']);
  });
