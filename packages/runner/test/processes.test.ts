/** Runs whose processes are killed, signalled or left alone. */
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { execa } from 'execa';
import { MAIN, sandbox, until } from './fixtures/cli.ts';

const DIES_AT_START = fileURLToPath(new URL('fixtures/dies-at-start.ts', import.meta.url));
const linux = process.platform === 'linux' ? test.serial : test.serial.skip;

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );
const isRunning = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

for (const deaths of [1, 2])
  test.serial(`${deaths} workers that are killed while they start are replaced`, async (t) => {
    await using box = await sandbox();
    const { exitCode, stderr } = await box.cliWith(
      { PRUNEBENCH_TEST_DEATHS: String(deaths) },
      ...box.runArguments('tiny', '--seeds', '1', '--workers', '1', '--plugin', DIES_AT_START),
    );
    t.is(exitCode, 0, stderr);
    t.is(stderr.match(/worker died \(killed by SIGKILL\) while it started/g)?.length, deaths);
    t.is((await box.records('tiny')).size, 3);
  });

test.serial('workers that always die while they start are one clear error', async (t) => {
  await using box = await sandbox();
  for (const workers of ['1', '2']) {
    const { exitCode, stderr } = await box.cliWith(
      { PRUNEBENCH_TEST_DEATHS: '99' },
      ...box.runArguments('tiny', '--seeds', '1', '--workers', workers, '--plugin', DIES_AT_START),
    );
    t.is(exitCode, 1);
    t.regex(stderr, /error: 3 worker processes died while they started \(killed by SIGKILL\)/);
    t.notRegex(stderr, /bug in Prunebench|\n\s+at /);
    t.false(await exists(join(box.stages, 'lock')));
  }
});

test.serial('a worker in the middle of a computation ends with its parent', async (t) => {
  await using box = await sandbox();
  const running = box.run('blocking', '--workers', '1', '--seeds', '1');
  const note = join(box.root, 'blocking');
  await until('the worker', async () => (await readFile(note, 'utf8').catch(() => '')) !== '');
  const worker = Number(await readFile(note, 'utf8'));
  running.kill('SIGKILL');
  await running;
  await until('the end of the worker', async () => !isRunning(worker));
  t.false(await exists(join(box.root, 'finished')), 'it did not live to the end of its computation');
});

for (const [signal, code] of [
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)
  test.serial(`${signal} stops at the next step, and the lock is given back`, async (t) => {
    await using box = await sandbox();
    const running = box.run('patient', '--workers', '1', '--seeds', '1');
    await until('the waiting step', () => exists(join(box.root, 'waiting')));
    running.kill(signal);
    const { exitCode, stderr } = await running;
    t.is(exitCode, code, stderr);
    t.regex(stderr, /Stopped: 1 of 2 trials are finished/);
    t.false(await exists(join(box.stages, 'lock')));
  });

linux('a run stops when what started it is gone', async (t) => {
  await using box = await sandbox();
  // The shell waits for the run, as a package manager does, and hands no signal down.
  const shell = execa(
    'sh',
    ['-c', '"$@"; true', 'sh', process.execPath, MAIN, ...box.runArguments('patient', '--seeds', '1')],
    {
      reject: false,
      stdio: 'ignore',
      env: { PRUNEBENCH_TEST_NOTES: box.root },
    },
  );
  await until('the waiting step', () => exists(join(box.root, 'waiting')));
  const { pid } = JSON.parse(await readFile(join(box.stages, 'lock'), 'utf8')) as { pid: number };
  t.not(pid, shell.pid);
  shell.kill('SIGTERM');
  await shell;
  await until('the end of the run', async () => !isRunning(pid));
  t.false(await exists(join(box.stages, 'lock')), 'it stopped in order');
  t.is((await box.records('patient')).size, 1);
});

test.serial('a number of threads that makes no sense is one clear error', async (t) => {
  await using box = await sandbox();
  const { exitCode, stderr } = await box.cliWith({ PRUNEBENCH_THREADS: 'one' }, ...box.runArguments('tiny'));
  t.is(exitCode, 1);
  t.regex(stderr, /error: The number of threads is "one"/);
  t.notRegex(stderr, /\n\s+at /);
});
