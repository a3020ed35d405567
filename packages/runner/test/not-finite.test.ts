/** Numbers that are not finite on their way into a record: each is one recorded failure, and not computed again. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { sandbox } from './fixtures/cli.ts';

/** Compensations, scores and steps that go wrong on the tiny plugin's data. */
const PLUGIN = `
import { defineBenchmark, defineCriterion, prunableSpecs } from '@prunebench/core';
import { z } from 'zod';
const citation = { authors: 'Nobody', title: 'None', year: 2024, venue: 'none', url: 'https://example.org' };
const options = z.strictObject({});
const absolute = ({ network, parameters }) =>
  Object.fromEntries(prunableSpecs(network).map(({ name }) => [name, parameters[name].values.map(Math.abs)]));
const filledWith = (value) => ({ parameters }) =>
  Object.fromEntries(Object.entries(parameters).map(([name, { shape, values }]) =>
    [name, { shape, values: values.map((w, i) => (name === 'fc2/kernel' || i === 3 ? value : w)) }]));
const criterion = (id, more) => defineCriterion({
  id, title: id, citation, taxonomy: 'test', options, granularity: ['weight'], needs: ['weights'], when: 'any',
  score: absolute,
  ...more,
});
const criteria = [
  criterion('huge', { compensate: filledWith(1e30) }),
  criterion('nan', { compensate: filledWith(NaN) }),
  criterion('infinite', { compensate: filledWith(-Infinity) }),
  criterion('nan-scores', { score: (s) => ({ ...absolute(s), 'fc1/kernel': new Float32Array(192).fill(NaN) }) }),
];
const steps = {
  'nan-state': (state) => ({ state: { ...state, parameters: filledWith(NaN)(state) }, metrics: {} }),
  'nan-loss': (state) => ({ state, metrics: { bestValidation: { epoch: 1, validation: { accuracy: 1, loss: 1 }, test: { accuracy: 1, loss: NaN } } } }),
  'nan-examples': (state) => ({ state, metrics: { trainedExamples: NaN } }),
  'nan-named': (state) => ({ state, metrics: { named: { fitness: { value: NaN, unit: 'percent' } } } }),
  'text-examples': (state) => ({ state, metrics: { trainedExamples: 'many' } }),
};
const kinds = Object.entries(steps).map(([kind, run]) => ({
  kind, options, prunes: true, trains: true, run: async (_, state) => run(state),
}));
const methods = kinds.map(({ kind }) => ({
  id: kind, title: kind, citation, taxonomy: 'test', options,
  steps: ({ pretrain }) => [{ kind: 'train', options: { ...pretrain } }, { kind, options: {} }],
}));
const training = { epochs: 1, batchSize: 32, learningRate: 0.05 };
const cell = { dataset: 'blobs', network: 'tiny-mlp', sparsity: 0.5, pretrain: training, retrain: null };
const benchmark = (id, names) => defineBenchmark({
  id, title: id, question: 'Is it finite?', seeds: { smoke: 1, cpu: 3, paper: 3 }, published: [],
  trials: () => names.map((method) => ({ ...cell, method, series: method })),
});
export default {
  criteria, steps: kinds, methods,
  benchmarks: [
    benchmark('not-finite', ['huge', 'nan', 'infinite', 'nan-scores', 'nan-state', 'nan-loss', 'nan-examples', 'nan-named', 'magnitude']),
    benchmark('wrong-metrics', ['text-examples']),
  ],
};
`;

/** Why each is no result. */
const reasons: Readonly<Record<string, RegExp>> = {
  huge: /validation\.loss of its evaluation is (NaN|Infinity)/,
  nan: /Criterion nan compensates fc1\/kernel with NaN, flat index 3/,
  infinite: /Criterion infinite compensates fc1\/kernel with -Infinity, flat index 3/,
  'nan-scores': /Criterion nan-scores gives the score NaN for fc1\/kernel, flat index 0/,
  'nan-state': /fc1\/kernel is NaN at flat index 3 after nan-state \(step 2\)/,
  'nan-loss': /bestValidation\.test\.loss of the metrics of nan-loss is NaN/,
  'nan-examples': /trainedExamples of the metrics of nan-examples is NaN/,
  'nan-named': /named\.fitness\.value of the metrics of nan-named is NaN/,
};

async function boxWithPlugin() {
  const box = await sandbox();
  const plugin = join(box.root, 'mine.ts');
  await writeFile(plugin, PLUGIN);
  const run = (benchmark: string) => box.run(benchmark, '--workers', '1', '--plugin', plugin);
  return { box, run };
}

test.serial(
  'each is recorded with the reason, the others are finished, and a second run computes nothing',
  async (t) => {
    const { box, run } = await boxWithPlugin();
    await using _ = box;
    const first = await run('not-finite');
    t.is(first.exitCode, 0, first.all);
    const records = [...(await box.records('not-finite')).values()];
    t.is(records.length, Object.keys(reasons).length + 1);
    for (const { series, failure, measured } of records) {
      if (series === 'magnitude') {
        t.is(failure, null);
        continue;
      }
      t.regex(failure ?? '', reasons[series], series);
      t.is(measured, null);
    }
    const again = await run('not-finite');
    t.is(again.exitCode, 0, again.all);
    t.regex(again.stderr, /9 trials, 9 finished before/);
  },
);

test.serial('metrics that a record cannot hold are one clear error that names the kind of step', async (t) => {
  const { box, run } = await boxWithPlugin();
  await using _ = box;
  const { exitCode, stderr } = await run('wrong-metrics');
  t.is(exitCode, 1, stderr);
  t.regex(stderr, /The kind of step text-examples reports wrong metrics: trainedExamples: .*number/);
  t.notRegex(stderr, /\n\s+at |bug in Prunebench/);
});
