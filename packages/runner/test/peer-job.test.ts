/** `speed --table`: what the peer is told is what benchmarks declare, and what a run of ours computes. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TrainOptions } from '@prunebench/core';
import test from 'ava';
import manifest from '../../../package.json' with { type: 'json' };
import { describeJob } from '../src/peer-job/describe-job.ts';
import { ourRun } from '../src/peer-job/measure-table.ts';
import { speedTables } from '../src/peer-job/speed-tables.ts';
import { filterTrials, parseFilter } from '../src/plan/filter.ts';
import { declareTrials } from '../src/plan/plan.ts';
import { trialsOf } from '../src/plan/trials-of.ts';
import { loadRegistry } from '../src/registry.ts';

const PEER = fileURLToPath(new URL('../../speed/peer_table.py', import.meta.url));
const python = process.env.PRUNEBENCH_PYTHON ?? '/usr/bin/python3';
const hasTorch = spawnSync(python, ['-c', 'import torch']).status === 0;

async function jobOf(table: string, seeds: number) {
  const registry = await loadRegistry([]);
  const { benchmark: id, filters } = speedTables.get(table)!;
  const benchmark = await registry.benchmarks.get(id)!.load();
  const { job } = await describeJob({ table, benchmark, scale: 'cpu', filters, seeds }, registry);
  const declared = filterTrials(declareTrials(trialsOf(benchmark, 'cpu'), seeds, registry), filters);
  return { job, declared };
}

test('the table "bench" has the filters of the script that everybody runs', (t) => {
  const words = manifest.scripts.bench.match(/"[^"]*"|\S+/g)!.map((word) => word.replaceAll('"', ''));
  t.is(words[words.indexOf('run') + 1], speedTables.get('bench')!.benchmark);
  const filters = words.flatMap((word, i) => (words[i - 1] === '--filter' ? [parseFilter(word)] : []));
  t.deepEqual([...speedTables.get('bench')!.filters], filters);
});

for (const table of speedTables.keys())
  test(`${table}: every declared trial is there once, or its series is left out with a reason`, async (t) => {
    const { job, declared } = await jobOf(table, 2);
    const left = new Set(job.leftOut.map(({ series }) => series));
    t.deepEqual(
      job.trials.map(({ name }) => name).sort(),
      declared
        .filter(({ series }) => !left.has(series))
        .map(({ name }) => name)
        .sort(),
    );
    t.deepEqual([...left], table === 'snip-lenets-lenet-5' ? ['OBD', 'L-OBS'] : []);
    for (const { why } of job.leftOut) t.regex(why, /^criterion (obd|l-obs) is not in the peer$/);
    const nodes = new Map(job.nodes.map((node) => [node.key, node]));
    t.is(nodes.size, job.nodes.length);
    const specs = new Map(declared.map(({ name, spec }) => [name, spec]));
    for (const trial of job.trials) {
      const steps = trial.nodes.map((key) => nodes.get(key)!);
      t.deepEqual(
        steps.map(({ parent }) => parent),
        [null, ...trial.nodes.slice(0, -1)],
      );
      const spec = specs.get(trial.name)!;
      t.true(steps.every(({ network, seed }) => network === spec.network && seed === spec.seed));
      // The whole budget is there: the training before, and those after pruning.
      const epochs = steps.flatMap(({ step }) => (step.kind === 'train' ? [Number(step.options.epochs)] : []));
      t.is(epochs[0], spec.pretrain!.epochs);
      const fresh = steps.some(({ step }) => step.kind === 'reinitialize') ? [spec.pretrain!.epochs] : [];
      const after = [...fresh, spec.retrain!.epochs];
      t.true(epochs.slice(1).every((each) => after.includes(each)));
      t.is(steps.findLast(({ step }) => step.kind === 'prune')!.step.options.sparsity, spec.sparsity);
      t.true(steps.at(-1)!.evaluate);
    }
  });

test('our own run is asked for exactly the trials that the peer computes', async (t) => {
  const registry = await loadRegistry([]);
  const { benchmark: id, filters } = speedTables.get('snip-lenets-lenet-5')!;
  const { job } = await jobOf('snip-lenets-lenet-5', 2);
  const { args } = ourRun(id, job, { filters, seeds: 2, scale: 'cpu', processes: 2 }).command('/nowhere');
  const asked = args.flatMap((word, i) => (args[i - 1] === '--filter' ? [parseFilter(word)] : []));
  const seeds = Number(args[args.indexOf('--seeds') + 1]);
  const all = declareTrials(trialsOf(await registry.benchmarks.get(id)!.load(), 'cpu'), seeds, registry);
  t.deepEqual(
    filterTrials(all, asked).map(({ name }) => name),
    job.trials.map(({ name }) => name),
  );
});

test('options that a stage leaves out because they are defaults are written out for the peer', async (t) => {
  const { job } = await jobOf('snip-lenets-lenet-5', 1);
  const steps = job.nodes.map(({ step }) => step);
  const training = steps.find(({ kind }) => kind === 'train')!.options as Partial<TrainOptions>;
  t.deepEqual(training.optimizer, { kind: 'sgd', momentum: 0, nesterov: false });
  t.is(training.warmup, 0);
  const snip = steps.find(({ options }) => options.criterion === 'snip')!.options;
  t.deepEqual(snip.criterionOptions, { batchSize: 100, batches: 1, statistics: 'running', draw: 'same-every-round' });
  t.deepEqual([snip.via, snip.shuffle, snip.scope], [[], false, 'global']);
});

(hasTorch ? test : test.skip)(
  'the peer takes every step once: shared as ours, or all but the first training',
  async (t) => {
    const { job } = await jobOf('bench', 2);
    const folder = await mkdtemp(join(tmpdir(), 'prunebench-job-'));
    const path = join(folder, 'job.json');
    await writeFile(path, JSON.stringify(job));
    const planned = (variant: string): { key: string; parent: string | null; trials: string[]; steps: number }[] => {
      const { stdout, stderr, status } = spawnSync(python, [PEER, path, '--variant', variant, '--plan'], {
        encoding: 'utf8',
      });
      t.is(status, 0, stderr);
      return JSON.parse(stdout);
    };
    // 55,000 images less those of validation and calibration, 128 in a batch: by hand from the epochs that are declared.
    const perEpoch = Math.ceil(job.trainExamples / 128);
    const names = job.trials.map(({ name }) => name).sort();
    const sum = (tasks: readonly { steps: number }[]) => tasks.reduce((total, { steps }) => total + steps, 0);
    for (const variant of ['plain', 'sharing']) {
      const tasks = planned(variant);
      t.deepEqual(tasks.flatMap(({ trials }) => trials).sort(), names, variant);
      t.is(new Set(tasks.map(({ key }) => key)).size, tasks.length);
      // A seed trains 8 epochs dense; one-shot series and the controls 3 for each of two sparsities; iterative ones
      // 3 after each of 4 rounds to 90 %, of 6 to 98 %, of which the first 3 are the same.
      const oneShot = 5 * 2 * 3;
      const iterative = variant === 'plain' ? 3 * (4 + 6) * 3 : 3 * (4 + 6 - 3) * 3;
      t.is(sum(tasks), 2 * (8 + oneShot + iterative) * perEpoch, variant);
    }
    t.is(planned('sharing').length, job.nodes.length);
    await rm(folder, { recursive: true });
  },
);
