/** What a run says of itself while it goes on, when it has ended, and when it was killed: asked from other processes. */
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { tryLock } from '@prunebench/files';
import test from 'ava';
import { describeState } from '../src/commands/status.ts';
import type { Display } from '../src/progress/display.ts';
import { type RunStatus, readRunStatus } from '../src/progress/run-status.ts';
import { StatusFile } from '../src/progress/status-file.ts';
import type { Snapshot } from '../src/progress/tracker.ts';
import { resultsFolder } from '../src/results/results-folder.ts';
import { runState } from '../src/results/run-state.ts';
import { sandbox, until } from './fixtures/cli.ts';

async function folderInUse() {
  const root = await mkdtemp(join(tmpdir(), 'prunebench-status-'));
  const folder = resultsFolder(root);
  await mkdir(folder.stages);
  return { folder, [Symbol.asyncDispose]: () => rm(root, { recursive: true }) };
}

const identity = { benchmark: 'tiny', scale: 'smoke', command: ['run', 'tiny', '--filter', 'series=SNIP, shuffled'] };

/** A display that shows nothing, with the snapshot that it was given. */
const unseen: Display = { line: () => {}, start: () => {}, stop: () => {} };

test('what is shown is in the file within seconds, and the last word stays', async (t) => {
  await using box = await folderInUse();
  const { folder } = box;
  t.deepEqual(await runState(folder), { state: 'idle', run: null });
  const lock = await tryLock(folder.lock);
  if (!('release' in lock)) return t.fail();
  t.like(await runState(folder), { state: 'busy', pid: process.pid });
  const file = await StatusFile.begin(folder.status, identity);
  t.like(await runState(folder), { state: 'running', run: { phase: 'starting', trials: null, ended: null } });
  await file.enter('training');
  const display = file.follow(unseen);
  const snapshot: Snapshot = {
    trials: { total: 90, done: 42, failed: 1 },
    activities: [
      { task: 'train (step 1) of conv-2 on mnist, seed 3', progress: { fraction: 0.5, loss: 0.25 } },
      undefined,
    ],
    fraction: 0.4,
    secondsLeft: 300,
  };
  display.start(() => snapshot);
  await until('the file to say it', async () => (await readRunStatus(folder.status))?.trials?.done === 42);
  display.stop();
  const running = await runState(folder);
  t.like(running, { state: 'running', run: { ...identity, phase: 'training', secondsLeft: 300, pid: process.pid } });
  const text = describeState(running, folder.root).join('\n');
  t.regex(text, /^tiny, scale smoke, is computing trials\./);
  t.regex(text, /42 of 90 trials, 1 failed, 40 % of the work/);
  t.regex(text, /about 5 min 00 s/);
  t.regex(text, /worker 1 {3}train \(step 1\) of conv-2 on mnist, seed 3: 50 %, loss 0\.250\nworker 2 {3}idle/);
  await file.fail(new Error('the disk is full'));
  await lock.release();
  const ended = describeState(await runState(folder), folder.root).join('\n');
  t.regex(ended, /^Nothing runs in .* could not go on: the disk is full/);
  t.regex(ended, /goes on with: \.\/prunebench run tiny --filter 'series=SNIP, shuffled'$/);
});

test('nothing new is written where nothing new happened', async (t) => {
  await using box = await folderInUse();
  const file = await StatusFile.begin(box.folder.status, identity);
  const display = file.follow(unseen);
  const same: Snapshot = {
    trials: { total: 1, done: 0, failed: 0 },
    activities: [],
    fraction: 0,
    secondsLeft: undefined,
  };
  display.start(() => same);
  await until('the first word', async () => (await readRunStatus(box.folder.status))?.trials?.total === 1);
  const first = await readFile(box.folder.status, 'utf8');
  await setTimeout(2500);
  t.is(await readFile(box.folder.status, 'utf8'), first);
  display.stop();
});

test('a file that says nothing, and one of another process, is no run', async (t) => {
  await using box = await folderInUse();
  await writeFile(box.folder.status, '{"pid":');
  t.deepEqual(await runState(box.folder), { state: 'idle', run: null });
  const file = await StatusFile.begin(box.folder.status, identity);
  await file.end('finished');
  const lock = await tryLock(box.folder.lock);
  if (!('release' in lock)) return t.fail();
  const { run } = await runState(box.folder).then((found) => ('run' in found ? found : { run: null }));
  const other: RunStatus = { ...run!, pid: run!.pid + 1, ended: null };
  await writeFile(box.folder.status, JSON.stringify(other));
  t.is((await runState(box.folder)).state, 'busy');
  await lock.release();
  t.is((await runState(box.folder)).state, 'died');
});

test('a stale lock is no run either', async (t) => {
  await using box = await folderInUse();
  const { pid } = spawnSync(process.execPath, ['--version']);
  await writeFile(box.folder.lock, JSON.stringify({ pid, host: hostname() }));
  t.is((await runState(box.folder)).state, 'idle');
});

test('from another process: a run that goes on, is killed, and goes on to its end', async (t) => {
  await using box = await sandbox();
  const run = box.runInGroup('patient', '--workers', '1');
  const folder = resultsFolder(box.results);
  const told = async () => (await readRunStatus(folder.status))?.workers.some((each) => each?.task.startsWith('wait'));
  await until('the step that waits', async () => (await told()) === true);
  const { stdout } = await box.cli('status', '--results', box.results, '--json');
  const found = JSON.parse(stdout);
  t.like(found, { state: 'running', run: { benchmark: 'patient', scale: 'smoke', phase: 'training', pid: run.pid } });
  t.is(found.run.command[0], 'run');
  process.kill(-run.pid!, 'SIGKILL');
  await run;
  t.like(await runState(folder), { state: 'died', run: { pid: run.pid, ended: null } });
  await box.run('tiny');
  t.like(await runState(folder), { state: 'idle', run: { benchmark: 'tiny', ended: { how: 'finished' } } });
  const { stdout: said } = await box.cli('status', '--results', box.results);
  t.regex(said, /^Nothing runs in .* tiny, scale smoke, came to its end\nbegun .* ago\nended .* ago$/);
});
