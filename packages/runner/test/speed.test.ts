/** The pass that times pruned networks after the last trial. Times themselves are never asserted. */
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isNativeAvailable } from '@prunebench/backend-native';
import { sealed } from '@prunebench/core';
import { decodeSafetensors } from '@prunebench/interop';
import test from 'ava';
import { digests, readRecords, sandbox, TINY, until } from './fixtures/cli.ts';

const native = isNativeAvailable().available ? test.serial : test.serial.skip;

native('records made without a measurement are completed later, where their networks are still kept', async (t) => {
  await using box = await sandbox();
  await box.run('tiny', '--seeds', '1');
  const before = await box.records('tiny');
  t.true([...before.values()].every(({ speed }) => speed === undefined));
  const [lost, ...others] = [...before].map(([file, record]) => ({ file, record }));
  await rm(join(box.stages, lost.record.run.stages.at(-1)!.key), { recursive: true });

  const { exitCode, all, stdout } = await box.runTimed('tiny', {}, '--seeds', '1', '--json');
  t.is(exitCode, 0, all);
  t.deepEqual(JSON.parse(stdout).speed, { trials: 2, networks: 2, missing: 1 });
  t.regex(all, /1 trial has no measured speed: their networks are not in .*\.stages any more/);
  const after = await box.records('tiny');
  t.deepEqual(digests(after), digests(before), 'what was measured before is not touched');
  t.is(after.get(lost.file)!.speed, undefined);
  for (const { file, record } of others) {
    const { speed, ...rest } = after.get(file)!;
    t.deepEqual(rest, record);
    t.like(speed, { backend: 'native', baseline: 'compiled', timed: record.key, host: record.run.host });
    t.deepEqual(
      speed!.batches.map(({ batchSize }) => batchSize),
      [1, 128],
    );
  }

  const text = () => readFile(box.published('tiny').runs, 'utf8');
  const measured = await readFile(box.published('tiny').measured, 'utf8');
  const once = await text();
  await box.runTimed('tiny', {}, '--seeds', '1');
  t.is(await text(), once, 'what is measured is not measured again');
  await box.runTimed('tiny', {}, '--seeds', '1', '--retime');
  t.not(await text(), once, 'unless that is asked for');
  t.is(await readFile(box.published('tiny').measured, 'utf8'), measured, 'times are not among the measurements');
});

native('caches that cannot be kept are one notice, and the table comes all the same', async (t) => {
  await using box = await sandbox();
  const file = join(box.root, 'a file');
  await writeFile(file, '');
  const env = { PRUNEBENCH_CACHE: join(file, 'cache'), PRUNEBENCH_THREADS: '1' };
  const { exitCode, stderr, stdout } = await box.runTimed(
    'tiny',
    env,
    '--seeds',
    '1',
    '--workers',
    '1',
    '--backend',
    'native',
  );
  t.is(exitCode, 0, stderr);
  t.is(
    stderr.match(/The times of kernels are not kept \(PRUNEBENCH_CACHE names another folder\): .*a file/g)?.length,
    1,
    stderr,
  );
  t.notRegex(stderr, /bug in Prunebench|\n\s+at /);
  t.regex(stdout, /\| magnitude|one-shot/);
  const records = [...(await box.records('tiny')).values()];
  t.true(records.every(({ speed }) => speed !== undefined));
  t.deepEqual([...new Set(records.flatMap(({ run, speed }) => [run.threads, speed!.threads]))], [1], 'as asked for');
});

native('a speed that an earlier version measured against the uncompiled network is measured again', async (t) => {
  await using box = await sandbox();
  await box.runTimed('tiny', {}, '--seeds', '1');
  const [[file, { speed, ...rest }]] = await box.records('tiny');
  const { baseline: _baseline, ...older } = speed!;
  const changed = sealed({ ...rest, speed: { ...older, measuredAt: '2026-01-01T00:00:00Z' } });
  await box.work('tiny', file, changed);
  const { exitCode, all, stdout } = await box.runTimed('tiny', {}, '--seeds', '1', '--json');
  t.is(exitCode, 0, all);
  t.deepEqual(JSON.parse(stdout).speed, { trials: 1, networks: 1, missing: 0 });
  const { speed: again } = (await box.records('tiny')).get(file)!;
  t.is(again!.baseline, 'compiled');
  t.not(again!.measuredAt, '2026-01-01T00:00:00Z');
});

native('the sizes in a record are those of the files that export writes', async (t) => {
  await using box = await sandbox();
  await box.run('tiny', '--seeds', '1');
  const [{ key, measured }] = (await box.records('tiny')).values();
  const size = async (...args: string[]) => {
    const { stdout } = await box.cli(
      ...['export', key, '--results', box.results, '--output', box.root, '--plugin', TINY, '--json', ...args],
    );
    return (await stat(JSON.parse(stdout).file)).size;
  };
  t.deepEqual(measured!.fileBytes, { dense: await size(), sparse: await size('--sparse') });
});

test.serial('a trial whose network is not kept says how to compute it again, in another folder', async (t) => {
  await using box = await sandbox();
  await box.run('tiny', '--seeds', '2');
  const [key, { run }] = [...(await box.records('tiny')).values()]
    .filter(({ series, spec }) => series === 'one-shot' && spec.seed === 1)
    .map((record) => [record.key, record] as const)[0];
  await rm(join(box.stages, run.stages.at(-1)!.key), { recursive: true });
  const { exitCode, stderr } = await box.cli('time', key, '--results', box.results, '--plugin', TINY);
  t.is(exitCode, 1);
  t.regex(stderr, new RegExp(`The network of trial ${key} is not in `));
  t.notRegex(stderr, /[Dd]elete/);
  const command = /prunebench (run .*) --results <folder>\.$/.exec(stderr)![1];
  const other = join(box.root, 'other');
  const again = await box.cli(
    ...[...command.split(' '), '--results', other, '--no-speed', '--backend', 'cpu', '--plugin', TINY],
  );
  t.is(again.exitCode, 0, again.all);
  t.deepEqual([...(await readRecords(other, 'tiny')).keys()], [key]);
  const { stdout } = await box.cli(
    ...['export', key, '--results', other, '--output', box.root, '--plugin', TINY, '--json'],
  );
  t.true((await stat(JSON.parse(stdout).file)).size > 0);
});

native('export --shrink leaves out the neurons that are removed', async (t) => {
  await using box = await sandbox();
  await box.run('units', '--seeds', '1');
  const [{ key, measured }] = (await box.records('units')).values();
  const shapes = async (...args: string[]) => {
    const { stdout } = await box.cli(
      ...['export', key, '--results', box.results, '--output', box.root, '--plugin', TINY, '--json', ...args],
    );
    const { tensors } = decodeSafetensors(await readFile(JSON.parse(stdout).file));
    return Object.fromEntries(Object.entries(tensors).map(([name, { shape }]) => [name, shape]));
  };
  const [full, shrunken] = [await shapes(), await shapes('--shrink')];
  const [inputs, hidden] = full['fc1/kernel'];
  const [, classes] = full['fc2/kernel'];
  t.deepEqual(shrunken, {
    'fc1/kernel': [inputs, hidden / 2],
    'fc1/bias': [hidden / 2],
    'fc2/kernel': [hidden / 2, classes],
    'fc2/bias': [classes],
  });
  t.deepEqual(await shapes('--shrink', '--pytorch'), {
    'fc1.weight': [hidden / 2, inputs],
    'fc1.bias': [hidden / 2],
    'fc2.weight': [classes, hidden / 2],
    'fc2.bias': [classes],
  });
  const sizes = (all: Record<string, readonly number[]>) =>
    Object.values(all).reduce((sum, shape) => sum + shape.reduce((size, length) => size * length, 1), 0);
  t.deepEqual(measured!.parameters, { total: sizes(full), remaining: sizes(shrunken) });
  t.is(measured!.multiplyAdds.remaining, (hidden / 2) * (inputs + classes));
  t.deepEqual(measured!.effective, { remaining: (hidden / 2) * (inputs + classes), sparsity: 0.5, cutLayers: [] });
});

native('trials under the same masks share one measurement, and of more than three seeds three are timed', async (t) => {
  await using box = await sandbox();
  const { exitCode, all, stdout } = await box.runTimed('two-names', {}, '--seeds', '4', '--json');
  t.is(exitCode, 0, all);
  t.deepEqual(JSON.parse(stdout).speed, { trials: 6, networks: 3, missing: 0 });
  const records = [...(await box.records('two-names')).values()];
  for (const seed of [0, 1, 2]) {
    const [one, other] = records.filter(({ spec }) => spec.seed === seed);
    t.deepEqual(one.speed, other.speed);
    t.is(one.speed!.timed, one.key);
  }
  t.true(records.filter(({ spec }) => spec.seed === 3).every(({ speed }) => speed === undefined));
});

native('Ctrl-C while networks are timed keeps what is measured, and the same command goes on', async (t) => {
  await using box = await sandbox();
  await box.run('tiny');
  const measured = async () => {
    const records = [...(await box.records('tiny'))];
    return new Map(records.flatMap(([file, { speed }]) => (speed ? [[file, speed.measuredAt]] : [])));
  };
  const running = box.runTimed('tiny');
  await until('the first measurement', async () => (await measured()).size > 0);
  running.kill('SIGINT');
  t.is((await running).exitCode, 130);
  const first = await measured();
  t.true(first.size < 6, 'it was stopped before the end');
  const { exitCode, all } = await box.runTimed('tiny');
  t.is(exitCode, 0, all);
  const second = await measured();
  t.is(second.size, 6);
  t.like(Object.fromEntries(second), Object.fromEntries(first));
});

native('networks that were never trained are timed in tables of speed alone', async (t) => {
  await using box = await sandbox();
  const speeds = async (benchmark: string) => {
    const { exitCode, all, stdout } = await box.runTimed(benchmark, {}, '--seeds', '1', '--json');
    t.is(exitCode, 0, all);
    return JSON.parse(stdout).speed;
  };
  t.deepEqual(await speeds('untrained'), { trials: 0, networks: 0, missing: 0 });
  t.deepEqual(await readdir(box.stages), ['run.json']);
  t.deepEqual(await speeds('untrained-speed'), { trials: 1, networks: 1, missing: 0 });
});

for (const [what, env] of Object.entries({
  'without a compiler': { PRUNEBENCH_CXX: '/nowhere/c++', PRUNEBENCH_NATIVE_BINARY: '' },
  'with kernels that cannot be loaded': { PRUNEBENCH_NATIVE_BINARY: '/nowhere/kernels.node' },
}))
  test.serial(`${what}, one line says that nothing is timed, and the run succeeds`, async (t) => {
    await using box = await sandbox();
    const { exitCode, all } = await box.runTimed('tiny', env, '--seeds', '1');
    t.is(exitCode, 0, all);
    t.is(all!.match(/Speed is not measured: that needs the native backend, and /g)?.length, 1, all);
    const records = [...(await box.records('tiny')).values()];
    t.true(records.every(({ speed, measured }) => speed === undefined && measured!.fileBytes !== undefined));
  });
