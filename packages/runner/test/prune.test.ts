/** `prune`, derived runs and dry runs on the command line. */
import { access, readdir } from 'node:fs/promises';
import test from 'ava';
import { describeDryRun } from '../src/preview/describe.ts';
import { dryRun } from '../src/preview/dry-run.ts';
import { askOwnQuestion } from '../src/question/own-question.ts';
import { loadRegistry } from '../src/registry.ts';
import { readRecords, sandbox, TINY } from './fixtures/cli.ts';

const QUESTION = [
  '--dataset',
  'blobs',
  '--network',
  'tiny-mlp',
  '--like',
  'tiny',
  '--criterion',
  'magnitude',
  '--sparsity',
  '0.8',
];
const common = (results: string) => ['--plugin', TINY, '--backend', 'cpu', '--scale', 'smoke', '--results', results];

test.serial('prune answers with what the same trials of a benchmark measure, and goes on in its table', async (t) => {
  await using box = await sandbox();
  const ask = (...more: string[]) => box.cli('prune', ...QUESTION, ...common(box.results), ...more);
  const first = await ask('--seeds', '1', '--quiet', '--json');
  t.is(first.exitCode, 0, first.all);
  t.is(first.stderr, '', 'quiet');
  const answer = JSON.parse(first.stdout);
  const bench = await box.run('tiny', '--seeds', '1', '--filter', 'series=one-shot');
  t.is(bench.exitCode, 0, bench.all);
  const [declared] = (await readRecords(box.results, 'tiny')).values();
  const own = [...(await readRecords(box.results, answer.table)).values()];
  t.is(own.length, 2);
  const same = own.find(({ key }) => key === declared.key);
  t.deepEqual(same?.measured, declared.measured);
  const [dense, row] = answer.rows;
  t.deepEqual(row.requested, { sparsity: 0.8 });
  t.is(row.accuracy.mean, declared.measured!.final!.test.accuracy);
  t.deepEqual(
    row.layers.map(({ density }: { density: number }) => density),
    declared.measured!.layers.map(({ weights, remaining }) => remaining / weights),
  );
  t.is(dense.series, 'dense, same budget');

  const second = await ask('--seeds', '2');
  t.is(second.exitCode, 0, second.all);
  t.regex(second.stderr, /4 trials, 2 finished before/);
  t.regex(second.stdout, /dense, same budget .*nothing pruned/);
  t.regex(second.stdout, /fc1\/kernel/);
  t.is((await readRecords(box.results, answer.table)).size, 4);
});

test.serial('a dry run says what is left to compute, and leaves nothing', async (t) => {
  const registry = await loadRegistry([TINY]);
  const { benchmark } = await askOwnQuestion(
    {
      dataset: 'blobs',
      network: 'tiny-mlp',
      criteria: ['magnitude'],
      methods: [],
      points: [{ sparsity: 0.5 }, { sparsity: 0.8 }],
      seeds: 2,
      scale: 'smoke',
      like: 'tiny',
      options: {},
      set: [],
    },
    registry,
  );
  await using box = await sandbox();
  const plan = await dryRun(
    {
      benchmark,
      scale: 'smoke',
      backend: 'cpu',
      results: box.results,
      filters: [],
      rerun: false,
      keep: false,
      speed: false,
      retime: false,
      registry,
      plugins: [TINY],
      stream: null,
      signal: new AbortController().signal,
    },
    [],
  );
  // At each of 2 seeds: one training for all; then nothing, 50 % or 80 % pruned, and a training after each.
  t.deepEqual(plan.stages, [
    { kind: 'train', total: 2 * (1 + 3), finished: 0 },
    { kind: 'prune', total: 2 * 3, finished: 0 },
  ]);
  t.is(plan.trials.length, 6);
  t.is(plan.pending.length, 6);
  t.is(plan.seconds, undefined, 'nothing was timed yet');
  const lines = describeDryRun(plan).join('\n');
  t.regex(lines, /6 trials, 0 finished before, 6 to compute/);
  t.regex(lines, /No estimate of the time/);
  await t.throwsAsync(access(box.results), { code: 'ENOENT' });
});

test.serial('a derived run has a table of its own, and leaves the benchmark’s alone', async (t) => {
  await using box = await sandbox();
  const ran = await box.run(
    'tiny',
    '--set',
    'retrain.epochs=2',
    '--seed',
    '4',
    '--filter',
    'series=one-shot',
    '--quiet',
  );
  t.is(ran.exitCode, 0, ran.all);
  const table = 'tiny@retrain.epochs=2,seed=4';
  t.deepEqual(
    (await readdir(box.results)).filter((name) => name.startsWith('tiny')),
    [table],
  );
  const [record] = (await readRecords(box.results, table)).values();
  t.is(record.benchmark, table);
  t.is(record.spec.seed, 4);
  t.is(record.spec.retrain?.epochs, 2);
  // 2 epochs of 320 examples before pruning, 2 after it.
  t.is(record.measured!.trainedExamples, 4 * 320);
  t.regex(ran.stdout, /changed: retrain.epochs=2,\s+seed=4/);
  t.is(ran.stderr, '');
});
