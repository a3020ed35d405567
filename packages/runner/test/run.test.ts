/** Whole runs of the command line on tiny data. */
import { access, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { sealed } from '@prunebench/core';
import test from 'ava';
import { digests, sandbox, TINY, until } from './fixtures/cli.ts';

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );
const finishedStages = async (folder: string) =>
  (await readdir(folder).catch(() => [])).filter((name) => /^[0-9a-f]{32}$/.test(name));

test.serial('records are the same for one and two workers, and a second run computes nothing', async (t) => {
  await using one = await sandbox();
  await using two = await sandbox();
  const first = await one.run('tiny', '--workers', '1');
  t.is(first.exitCode, 0, first.all);
  const second = await two.run('tiny', '--workers', '2');
  t.is(second.exitCode, 0, second.all);
  const records = await one.records('tiny');
  t.is(records.size, 6);
  t.deepEqual(digests(await two.records('tiny')), digests(records));
  t.is(new Set(Object.values(digests(records))).size, 6);

  const { measured, runs } = one.published('tiny');
  const text = async () => [await readFile(measured, 'utf8'), await readFile(runs, 'utf8')];
  const before = await text();
  const again = await one.run('tiny');
  t.is(again.exitCode, 0, again.all);
  t.regex(again.stderr, /6 trials, 6 finished before/);
  const { run } = [...records.values()][0];
  t.true(
    again.stderr.includes(
      `Nothing was run: these are the records of commit ${run.commit.slice(0, 7)} in ${one.results}.`,
    ),
    again.stderr,
  );
  t.notRegex(first.stderr, /Nothing was run/);
  t.deepEqual(await text(), before, 'a finished record is not touched');
  t.is(
    await readFile(two.published('tiny').measured, 'utf8'),
    before[0],
    'another run measures the same, byte for byte',
  );
});

test.serial(
  'LeNet-300-100 on MNIST: one worker with all cores and two with their share agree to the bit',
  async (t) => {
    await using one = await sandbox();
    await using two = await sandbox();
    for (const [box, workers] of [
      [one, '1'],
      [two, '2'],
    ] as const) {
      const series = ['global, one-shot', 'layer-wise ERK, one-shot', 'random'].flatMap((name) => [
        '--filter',
        `series=${name}`,
      ]);
      const { exitCode, all } = await box.cli(
        ...['run', 'global-vs-layerwise', '--scale', 'smoke', '--results', box.results, '--workers', workers],
        ...series,
      );
      t.is(exitCode, 0, all);
    }
    const records = await one.records('global-vs-layerwise');
    t.is(records.size, 3);
    t.deepEqual(digests(await two.records('global-vs-layerwise')), digests(records));
    for (const { measured } of records.values())
      t.true(measured!.dense!.test.accuracy > 80, 'a tenth of an epoch learns this much');
  },
);

test.serial('a record says what was asked for and what was reached', async (t) => {
  await using box = await sandbox();
  const { exitCode, all, stdout } = await box.run('tiny', '--seeds', '1', '--json');
  t.is(exitCode, 0, all);
  const summary = JSON.parse(stdout);
  t.like(summary, { benchmark: 'tiny', trials: 3, skipped: 0, finished: 3, failed: [], errors: [], aborted: false });
  const records = [...(await box.records('tiny')).values()];
  t.deepEqual(records.map(({ series }) => series).sort(), ['iterative', 'one-shot', 'random']);
  for (const { measured, failure, run, control, series } of records) {
    t.is(failure, null);
    t.is(control, series === 'random');
    // 16 x 12 + 12 x 4 = 240 weights, 80 % of them removed; 16 biases stay.
    t.is(measured!.sparsity.achieved, 0.8);
    t.is(
      measured!.layers.reduce((sum, { remaining }) => sum + remaining, 0),
      48,
    );
    t.deepEqual(measured!.parameters, { total: 256, remaining: 64 });
    t.is(measured!.compressionRatio, 4);
    t.is(measured!.theoreticalSpeedup, 5);
    t.is(run.backend, 'cpu');
    t.is(run.datasetChecksum, 'blobs-1');
    // 2 epochs of 320 examples, then one after each of the rounds at 50, 75 and 80 %.
    t.is(measured!.trainedExamples, series === 'iterative' ? 5 * 320 : 3 * 320);
    // Each epoch is validated and the best of each training tested; dense, pruned and final on both splits.
    t.is(measured!.evaluations, series === 'iterative' ? 3 + 3 * 2 + 6 : 3 + 2 + 6);
    t.false('metrics' in measured!, 'no step of these reports any');
  }
  const dense = records.map(({ measured }) => JSON.stringify(measured!.dense));
  t.is(new Set(dense).size, 1, 'all start from the same trained network');
});

/** Of plain methods, and of methods that reach into training: segments, masks that move, variables, noise. */
const killedTables = [
  ['tiny', 6],
  ['extended', 10],
] as const;
for (const [table, trials] of killedTables)
  test.serial(`${table}: a run that is killed at any moment goes on to the same records`, async (t) => {
    await using whole = await sandbox();
    await using killed = await sandbox();
    await whole.run(table, '--workers', '2');
    for (const stages of [1, 4]) {
      const running = killed.run(table, '--workers', '2');
      await until(`${stages} stages`, async () => (await finishedStages(killed.stages)).length >= stages);
      running.kill('SIGKILL');
      await running;
    }
    const before = await finishedStages(killed.stages);
    t.true(before.length >= 4);
    t.true((await killed.records(table)).size < trials, 'it was killed before the end');
    const { measured, runs } = killed.published(table);
    const publishing = killed.run(table, '--workers', '2');
    await until('records that are published', () => exists(runs));
    publishing.kill('SIGKILL');
    await publishing;
    const expected = digests(await whole.records(table));
    t.deepEqual(digests(await killed.records(table)), expected, 'also in the middle of publishing nothing is lost');
    const { exitCode, all } = await killed.run(table, '--workers', '2');
    t.is(exitCode, 0, all);
    t.deepEqual(digests(await killed.records(table)), expected);
    t.is(await readFile(measured, 'utf8'), await readFile(whole.published(table).measured, 'utf8'), 'byte for byte');
    t.false(await exists(join(killed.results, table, 'records')), 'every record is published');
    t.deepEqual(
      (await readdir(killed.stages)).filter((name) => name.includes('corrupt')),
      [],
    );
  });

test.serial('Ctrl-C stops at the next step, and the same command goes on', async (t) => {
  await using box = await sandbox();
  const running = box.run('patient', '--workers', '1', '--seeds', '1');
  await until('the waiting step', () => exists(join(box.root, 'waiting')));
  running.kill('SIGINT');
  const { exitCode, stderr } = await running;
  t.is(exitCode, 130);
  t.regex(stderr, /Stopping at the next step/);
  t.regex(stderr, /Stopped: 1 of 2 trials are finished/);
  t.is((await box.records('patient')).size, 1);
  t.false(await exists(join(box.stages, 'lock')), 'the lock is given back');
  t.deepEqual(
    (await readdir(box.stages)).filter((name) => name.endsWith('.tmp')),
    [],
  );
});

for (const milliseconds of [0, 300])
  test.serial(`Ctrl-C ${milliseconds} ms after the workers are called up is a stop, not a crash`, async (t) => {
    await using box = await sandbox();
    const running = box.runInGroup('patient', '--workers', '2', '--seeds', '1');
    let said = '';
    running.stderr.on('data', (bytes: Buffer) => {
      said += bytes.toString();
    });
    await until('the number of trials', async () => said.includes('2 trials'));
    await setTimeout(milliseconds);
    process.kill(-running.pid!, 'SIGINT');
    const { exitCode, stderr } = await running;
    t.is(exitCode, 130, stderr);
    t.regex(stderr, /Stopped: \d of 2 trials are finished/);
    t.notRegex(stderr, /bug in Prunebench|\n\s+at /);
    t.false(await exists(join(box.stages, 'lock')), 'the lock is given back');
  });

test.serial('a run on a folder that another run uses is refused', async (t) => {
  await using box = await sandbox();
  const running = box.run('patient', '--workers', '1', '--seeds', '1');
  await until('the waiting step', () => exists(join(box.root, 'waiting')));
  const second = await box.run('tiny');
  t.is(second.exitCode, 1);
  t.regex(second.stderr, new RegExp(`Another run \\(process ${running.pid} `));
  running.kill('SIGINT');
  await running;
});

test.serial(
  'corrupt records and checkpoints are set aside, said so, and computed again to the same bits',
  async (t) => {
    await using box = await sandbox();
    await box.run('tiny', '--seeds', '1');
    const records = await box.records('tiny');
    const expected = digests(records);
    const [cut, garbled] = Object.keys(expected);
    const { measured, runs } = box.published('tiny');
    const change = async (file: string, name: string, to: (line: string) => string) => {
      const lines = (await readFile(file, 'utf8')).split('\n');
      await writeFile(file, lines.map((line) => (line.startsWith(`{"key":"${name}"`) ? to(line) : line)).join('\n'));
    };
    await change(measured, cut, (line) => line.slice(0, 100));
    await change(runs, garbled, (line) => line.replace('"schema":1,', ''));
    // Those of one damaged record are cut, of whatever else flipped: the run needs the first to be there again.
    const toCut = new Set(records.get(cut)!.run.stages.map(({ key }) => key));
    for (const key of await finishedStages(box.stages)) {
      const file = join(box.stages, key, 'state.safetensors');
      await (toCut.has(key) ? truncate(file, 64) : flipLastByte(file));
    }
    const { exitCode, stderr, all } = await box.run('tiny', '--seeds', '1');
    t.is(exitCode, 0, all);
    t.regex(
      stderr,
      /Record .*measured-smoke\.jsonl:1 is corrupt \(not valid JSON.* set aside as measured-smoke\.jsonl\.corrupt-1/,
    );
    t.regex(stderr, /Record .*runs-smoke\.jsonl:2 is corrupt \(field schema/);
    t.regex(stderr, /Stage .* is corrupt \(state\.safetensors has 64 bytes/);
    t.deepEqual(digests(await box.records('tiny')), expected);
  },
);

async function flipLastByte(file: string): Promise<void> {
  const bytes = await readFile(file);
  bytes[bytes.length - 1] ^= 0xff;
  await writeFile(file, bytes);
}

test.serial('a worker that is killed once costs nothing but its stage', async (t) => {
  await using box = await sandbox();
  const { exitCode, stderr } = await box.run('crashing-once', '--seeds', '1', '--workers', '1');
  t.is(exitCode, 0, stderr);
  t.regex(stderr, /worker died \(killed by SIGKILL\) on crash-once .* it is tried once more/);
  t.is((await box.records('crashing-once')).size, 2);
});

test.serial('a stage that always kills its worker fails its trials alone', async (t) => {
  await using box = await sandbox();
  const { exitCode, stderr } = await box.run('crashing', '--seeds', '1', '--workers', '1');
  t.is(exitCode, 1);
  t.regex(stderr, /error: crash, .*The worker died twice \(killed by SIGKILL\)/);
  t.deepEqual(
    [...(await box.records('crashing')).values()].map(({ series }) => series),
    ['calm'],
  );
});

test.serial('a bug in a step shows its stack and leaves the other trials alone', async (t) => {
  await using box = await sandbox();
  const { exitCode, stderr } = await box.run('throwing', '--seeds', '1', '--workers', '1');
  t.is(exitCode, 1);
  t.regex(stderr, /Step throw of the plugin \S+tiny\.ts threw "a bug in a step" \(faulty-steps\.ts, line \d+/);
  t.notRegex(stderr, /\n\s+at /);
  t.is((await box.records('throwing')).size, 1);
  const whole = await box.cliWith({ PRUNEBENCH_DEBUG: '1' }, ...box.runArguments('throwing', '--seeds', '1'));
  t.regex(whole.stderr, /TypeError: a bug in a step\n\s+at /);
});

test.serial('a trial that diverges is a result with its reason', async (t) => {
  await using box = await sandbox();
  const { exitCode, stderr } = await box.run('diverging', '--seeds', '1');
  t.is(exitCode, 0, stderr);
  t.regex(stderr, /failed, recorded as a result: wild, .*diverged/);
  const records = [...(await box.records('diverging')).values()];
  const wild = records.find(({ series }) => series === 'wild')!;
  t.regex(wild.failure ?? '', /diverged/);
  t.is(wild.measured, null);
  t.deepEqual(
    wild.run.stages.map(({ kind }) => kind),
    ['train', 'prune'],
  );
  t.is(records.find(({ series }) => series === 'calm')!.failure, null);
  const again = await box.run('diverging', '--seeds', '1');
  t.regex(again.stderr, /2 trials, 2 finished before/);
});

test.serial('a table that trains nothing is measured without accuracy, and leaves no states behind', async (t) => {
  await using box = await sandbox();
  const { exitCode, stderr } = await box.run('untrained', '--seeds', '1');
  t.is(exitCode, 0, stderr);
  const records = [...(await box.records('untrained')).values()];
  const { measured } = records.find(({ series }) => series === 'magnitude')!;
  t.like(measured, { dense: null, pruned: null, final: null, bestValidation: null, trainedExamples: 0 });
  t.is(measured!.sparsity.achieved, 0.8);
  t.regex(records.find(({ series }) => series === 'collapsed')!.failure ?? '', /Layer collapse/);
  t.deepEqual(await finishedStages(box.stages), []);
});

test.serial('a series that is renamed gets its new name without computing again', async (t) => {
  await using box = await sandbox();
  await box.run('two-names', '--seeds', '1');
  const records = await box.records('two-names');
  t.is(records.size, 2);
  t.deepEqual([...records.values()].map(({ series }) => series).sort(), ['one', 'other']);
  t.is(new Set([...records.values()].map(({ key }) => key)).size, 1);
  t.is((await finishedStages(box.stages)).length, 3, 'one chain of stages for both');
  const [file, record] = [...records][0];
  await box.work('two-names', file, sealed({ ...record, series: 'old name' }));
  const { stderr } = await box.run('two-names', '--seeds', '1');
  t.regex(stderr, /2 trials, 2 finished before/);
  t.deepEqual([...(await box.records('two-names')).values()].map(({ series }) => series).sort(), ['one', 'other']);
});

test.serial('verify accepts what report wrote, and names the line of a number that was changed', async (t) => {
  await using box = await sandbox();
  await box.run('tiny', '--seeds', '1');
  const verify = () => box.cli('verify', '--results', box.results, '--plugin', TINY);
  t.is((await verify()).exitCode, 0);
  const table = join(box.results, 'tiny', 'table-smoke.csv');
  const text = await readFile(table, 'utf8');
  await writeFile(table, text.replace('magnitude', 'magnitudo'));
  const { exitCode, stdout } = await verify();
  t.is(exitCode, 1);
  t.regex(
    stdout,
    /table-smoke\.csv:\d+\n {2}row: .*\n {2}column: +method\n {2}from the records: magnitude\n {2}in the file: +magnitudo/,
  );
  const { exitCode: again } = await box.cli('report', 'tiny', '--results', box.results, '--plugin', TINY);
  t.is(again, 0);
  t.is(await readFile(table, 'utf8'), text);
});

test.serial(
  'a number that was changed in a record is believed nowhere: the file is named, and run computes it again',
  async (t) => {
    await using box = await sandbox();
    await box.run('tiny', '--seeds', '1');
    const before = await box.records('tiny');
    const [name] = before.keys();
    const file = box.published('tiny').measured;
    const table = await readFile(join(box.results, 'tiny', 'table-smoke.csv'), 'utf8');
    await writeFile(file, (await readFile(file, 'utf8')).replace(/("accuracy":)[\d.]+/, '$199.9'));
    const where = ['--results', box.results, '--plugin', TINY];
    const verified = await box.cli('verify', ...where);
    t.is(verified.exitCode, 1);
    t.true(verified.stdout.includes(`${file}:1\n  from the records: a trial record of ${name}`), verified.stdout);
    t.regex(verified.stdout, /does not match its digest.*run its benchmark again/);
    const reported = await box.cli('report', 'tiny', ...where);
    t.is(reported.exitCode, 1);
    t.true(reported.stderr.includes(`Record ${file}:1 is corrupt`), reported.stderr);
    t.notRegex(reported.stdout, /99\.9/);
    const exported = await box.cli('export', name, ...where, '--output', box.root);
    t.is(exported.exitCode, 1);
    t.true(exported.stderr.includes(file), exported.stderr);
    const { exitCode, all } = await box.run('tiny', '--seeds', '1');
    t.is(exitCode, 0, all);
    t.deepEqual(digests(await box.records('tiny')), digests(before));
    t.is(await readFile(join(box.results, 'tiny', 'table-smoke.csv'), 'utf8'), table);
  },
);

test.serial('verify says which records carry no digest, and by which code they were computed', async (t) => {
  await using box = await sandbox();
  await box.run('tiny', '--seeds', '1');
  const verify = () => box.cli('verify', '--results', box.results, '--plugin', TINY, '--json');
  const sound = JSON.parse((await verify()).stdout);
  t.like(sound, { differences: [], unsealed: 0, otherCode: [] });
  const [[older, { code: _, ...rest }], [other, record]] = await box.records('tiny');
  await box.work('tiny', older, rest);
  const code = { ...record.code!, engine: { ...record.code!.engine, 'packages/core': '0' } };
  await box.work('tiny', other, sealed({ ...record, code }));
  const { exitCode, stdout } = await verify();
  t.is(exitCode, 0, 'the tables follow from the records all the same');
  const commit = `1 record of commit ${record.run.commit.slice(0, 7)}`;
  t.like(JSON.parse(stdout), {
    differences: [],
    unsealed: 1,
    otherCode: [`packages/core changed since ${commit}`, `the code behind ${commit} is not recorded`],
  });
});

test.serial('a table that is continued on another backend says so', async (t) => {
  await using box = await sandbox();
  await box.run('tiny', '--seeds', '1');
  const { exitCode, stderr } = await box.run('tiny', '--seeds', '2', '--backend', 'wasm');
  t.is(exitCode, 0, stderr);
  t.regex(stderr, /Earlier trials of this table were computed on backend cpu, the rest now on wasm/);
  const backends = [...(await box.records('tiny')).values()].map(({ spec, run }) => `${spec.seed} ${run.backend}`);
  t.deepEqual([...new Set(backends)].sort(), ['0 cpu', '1 wasm']);
});
