/** What steps report by name, and how often they look: from a step's `run` into the record, and what is refused on the way. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { trialRecord } from '@prunebench/core';
import test from 'ava';
import { countEvaluations, gatherMetrics } from '../src/worker/gather-metrics.ts';
import { sandbox } from './fixtures/cli.ts';

const fitness = { value: 0.5, unit: 'ratio' };
const rounds = { value: 3, unit: 'rounds' };

test('metrics of all steps stand together; without any there are none', (t) => {
  const stages = [
    { kind: 'train', metrics: { trainedExamples: 3 } },
    { kind: 'search', metrics: { named: { fitness } } },
    { kind: 'search', metrics: { named: { rounds }, other: 1 } },
  ];
  t.deepEqual(gatherMetrics(stages), { fitness, rounds });
  t.is(gatherMetrics(stages.slice(0, 1)), undefined);
  t.is(gatherMetrics([{ kind: 'search', metrics: { named: {} } }]), undefined);
});

test('a name that two steps use is an error that names both, also where they report the same', (t) => {
  const stages = [
    { kind: 'train', metrics: {} },
    { kind: 'search', metrics: { named: { fitness } } },
    { kind: 'polish', metrics: { named: { fitness } } },
  ];
  t.throws(() => gatherMetrics(stages), {
    message: 'The metric fitness is reported by two steps of the trial: search (step 2) and polish (step 3).',
  });
});

test('evaluations: those of all steps, two for each state that is reported once or more, and unknown where one step is', (t) => {
  const stages = [{ evaluated: 3 }, { evaluated: 0 }, { evaluated: 2 }];
  t.is(countEvaluations(stages, [0, 1, 2]), 5 + 6);
  t.is(countEvaluations(stages, [null, 1, 1]), 5 + 2, 'pruned and final are one state');
  t.is(countEvaluations(stages, [null, null, null]), 5);
  t.is(countEvaluations([...stages, {}], [0, 1, 2]), undefined);
});

const PLUGIN = `
import { defineBenchmark } from '@prunebench/core';
import { z } from 'zod';
const citation = { authors: 'Nobody', title: 'None', year: 2024, venue: 'none', url: 'https://example.org' };
const options = z.strictObject({});
const kind = (name, run) => ({ kind: name, options, prunes: true, trains: true, run });
const look = async (session, state) => {
  await session.evaluate(state, 'train');
  const { accuracy } = await session.evaluate(state, 'validation');
  await session.evaluate(state, 'validation');
  return { state, metrics: { named: { 'best-fitness': { value: accuracy, unit: 'percent' } }, own: 7 } };
};
const named = (metrics) => async (_, state) => ({ state, metrics: { named: metrics } });
const steps = [
  kind('look', look),
  kind('odd-name', named({ 'Best fitness': { value: 1, unit: 'percent' } })),
  kind('no-unit', named({ fitness: { value: 1 } })),
];
const method = (id, ...kinds) => ({
  id, title: id, citation, taxonomy: 'test', options,
  steps: ({ pretrain }) => [{ kind: 'train', options: { ...pretrain } }, ...kinds.map((name) => ({ kind: name, options: {} }))],
});
const cell = {
  dataset: 'blobs', network: 'tiny-mlp', sparsity: 0.5, retrain: null,
  pretrain: { epochs: 1, batchSize: 32, learningRate: 0.05 },
};
const benchmark = (id, names) => defineBenchmark({
  id, title: id, question: 'What is reported?', seeds: { smoke: 1, cpu: 3, paper: 3 }, published: [],
  trials: () => names.map((name) => ({ ...cell, method: name, series: name })),
});
export default {
  steps,
  methods: [method('looking', 'look'), method('twice', 'look', 'look'), method('odd', 'odd-name'), method('bare', 'no-unit')],
  benchmarks: [benchmark('reporting', ['looking', 'magnitude']), benchmark('refused', ['twice', 'odd', 'bare'])],
};
`;

async function boxWithPlugin() {
  const box = await sandbox();
  const plugin = join(box.root, 'mine.ts');
  await writeFile(plugin, PLUGIN);
  return { box, run: (benchmark: string) => box.run(benchmark, '--workers', '1', '--markdown', '--plugin', plugin) };
}

test.serial('what a step reports by name is in its record and in the tables, with its unit', async (t) => {
  const { box, run } = await boxWithPlugin();
  await using _ = box;
  const { exitCode, stdout, all } = await run('reporting');
  t.is(exitCode, 0, all);
  const records = [...(await box.records('reporting')).values()];
  const { measured } = records.find(({ series }) => series === 'looking')!;
  const seen = measured!.final!.validation.accuracy;
  t.deepEqual(measured!.metrics, { 'best-fitness': { value: seen, unit: 'percent' } });
  // An epoch with its test, two looks of the step at validation, dense and the state after the step on both splits.
  t.is(measured!.evaluations, 2 + 2 + 4);
  t.notThrows(() => records.map((record) => trialRecord.parse(record)));
  t.regex(stdout, /best-fitness, percent/);
  const [head, ...rows] = (await readFile(join(box.results, 'reporting', 'table-smoke.csv'), 'utf8')).split('\n');
  const column = head.split(',').indexOf('metric_best_fitness_mean_percent');
  t.true(column > 0, head);
  t.is(rows.find((row) => row.includes('looking'))!.split(',')[column], String(seen));
});

test.serial('a name that is used twice, an odd name and a number without a unit are clear errors', async (t) => {
  const { box, run } = await boxWithPlugin();
  await using _ = box;
  const { exitCode, stderr } = await run('refused');
  t.is(exitCode, 1, stderr);
  t.regex(
    stderr,
    /The metric best-fitness is reported by two steps of the trial: look \(step 2\) and look \(step 3\)\./,
  );
  t.regex(stderr, /The kind of step odd-name reports wrong metrics: named\.Best fitness/);
  t.regex(stderr, /The kind of step no-unit reports wrong metrics: named\.fitness\.unit/);
  t.notRegex(stderr, /\n\s+at |bug in Prunebench/);
  t.is((await box.records('refused')).size, 0);
});
