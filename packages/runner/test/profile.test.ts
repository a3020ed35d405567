/** `--profile`: the parts of a run's time are the whole of it, and looking changes nothing. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { RunTime } from '../src/profile/run-time.ts';
import { sandbox, TINY } from './fixtures/cli.ts';

const near = (a: number, b: number) => Math.abs(a - b) <= 1e-3 + 1e-4 * Math.abs(b);
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

test('the parts of two workers, on a clock that the test turns', async (t) => {
  let now = 3;
  const time = new RunTime(() => now);
  await time.during('planning', async () => {
    now += 1;
  });
  now += 0.5;
  await time.withWorkers(2, 1, async (workers) => {
    // One worker starts in 2 s and works for 10 s, of which it says where 7 s went; the other place stays empty.
    const ready = Promise.withResolvers<void>();
    workers.starts(ready.promise);
    now += 2;
    ready.resolve();
    await ready.promise;
    await Promise.resolve();
    const answer = Promise.withResolvers<{
      time: { parts: [['dense steps', { seconds: number; count: number }]]; processorSeconds: number };
    }>();
    workers.works(answer.promise);
    now += 10;
    answer.resolve({ time: { parts: [['dense steps', { seconds: 7, count: 70 }]], processorSeconds: 6 } });
    await answer.promise;
    await Promise.resolve();
    // A worker that dies says nothing.
    const dies = Promise.withResolvers<never>();
    workers.works(dies.promise);
    now += 4;
    dies.reject(new Error('died'));
    await t.throwsAsync(dies.promise);
    await Promise.resolve();
    now += 1;
  });
  await time.during('report', async () => {
    now += 8;
  });
  const { parts, workers, workerSeconds, wallSeconds } = time.end();
  t.is(wallSeconds, 29.5);
  t.is(workers, 2);
  t.is(workerSeconds, 34);
  const seconds = Object.fromEntries(parts.map((row) => [`${row.by}: ${row.part}`, row.seconds]));
  t.deepEqual(seconds, {
    'run: start of the command': 3,
    'run: planning': 1,
    'workers: start of workers': 2,
    'workers: dense steps': 7,
    'workers: waiting': 18,
    'workers: other': 7,
    'run: report': 8,
    'run: other': 0.5,
  });
  t.is(sum(parts.map((row) => row.wallSeconds)), wallSeconds);
  t.true(near(sum(parts.map(({ share }) => share)), 1));
});

test.serial(
  'a run that is looked at has the numbers of one that is not, and its parts are its wall time',
  async (t) => {
    await using plain = await sandbox();
    await using looked = await sandbox();
    const without = await plain.run('tiny', '--workers', '2');
    t.is(without.exitCode, 0, without.all);
    t.false(without.all.includes('Wall time'));
    const { exitCode, stdout, all } = await looked.run('tiny', '--workers', '2', '--profile');
    t.is(exitCode, 0, all);
    t.is(
      await readFile(looked.published('tiny').measured, 'utf8'),
      await readFile(plain.published('tiny').measured, 'utf8'),
    );
    // The backend of these tests compiles nothing.
    for (const words of ['steps not compiled', 'evaluation', 'waiting', '2 workers with'])
      t.true(stdout.includes(words), words);

    const file = join(looked.results, 'tiny', 'profile-smoke.csv');
    t.true(stdout.includes(file));
    const [head, ...lines] = (await readFile(file, 'utf8')).trim().split('\n');
    const names = head.split(',');
    const rows = lines.map((line) => Object.fromEntries(line.split(',').map((text, i) => [names[i], text])));
    for (const row of rows) t.true(Number(row.seconds) > -1e-6, `${row.by} ${row.part}: ${row.seconds}`);
    t.true(near(sum(rows.map((row) => Number(row.wall_seconds))), Number(rows[0].run_wall_seconds)));
    t.deepEqual([...new Set(rows.map(({ workers }) => workers))], ['2']);
    const counts = Object.fromEntries(rows.map(({ part, times }) => [part, Number(times)]));
    t.is(counts['start of workers'], 2);
    // Every batch of a training is a step.
    t.is(counts['steps not compiled'], counts.batches);
  },
);

test.serial('programs get the profile as JSON, from run and from prune', async (t) => {
  await using box = await sandbox();
  const { stdout, all } = await box.run('tiny', '--workers', '1', '--profile', '--json', '--quiet');
  const { profile, files } = JSON.parse(stdout);
  t.true(files.includes(join(box.results, 'tiny', 'profile-smoke.csv')), all);
  t.is(profile.workers, 1);
  const workers = profile.parts.filter(({ by }: { by: string }) => by === 'workers');
  t.true(near(sum(workers.map(({ seconds }: { seconds: number }) => seconds)), profile.workerSeconds));

  const again = JSON.parse((await box.run('tiny', '--profile', '--json', '--quiet')).stdout);
  t.is(again.profile.workers, 0, 'nothing was left to compute');

  const question = ['--dataset', 'blobs', '--network', 'tiny-mlp', '--like', 'tiny', '--seeds', '1'];
  const setting = ['--plugin', TINY, '--backend', 'cpu', '--scale', 'smoke', '--results', box.results, '--profile'];
  const asked = await box.cli('prune', ...question, ...setting, '--json', '--quiet');
  t.is(asked.exitCode, 0, asked.all);
  const answer = JSON.parse(asked.stdout);
  t.true(answer.profile.parts.some(({ part }: { part: string }) => part === 'pruning'));
  const file = join(box.results, answer.table, 'profile-smoke.csv');
  t.true((await readFile(file, 'utf8')).startsWith('by,part,seconds,times,wall_seconds,share,workers,'));
});
