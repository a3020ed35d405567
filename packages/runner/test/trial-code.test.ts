/** By which code trials are computed: what the digests cover, and what they leave out. */
import test from 'ava';
import { TrialCodes } from '../src/code/trial-code.ts';
import { declareTrials } from '../src/plan/plan.ts';
import { loadRegistry } from '../src/registry.ts';
import { TINY } from './fixtures/cli.ts';

const registry = await loadRegistry([TINY]);
const training = { epochs: 1, learningRate: 0.1 };
const cell = { network: 'lenet-300-100', sparsity: 0.9, pretrain: training, retrain: training };
const declarations = [
  ...[...registry.criteria.keys()].map((id) => ({ ...cell, dataset: 'mnist', method: id, series: id })),
  { ...cell, dataset: 'mnist', method: 'prune-while-accurate', series: 'greedy', options: { criterion: 'obd' } },
  { ...cell, dataset: 'blobs', network: 'tiny-mlp', method: 'magnitude', series: 'plugin data' },
  { ...cell, dataset: 'blobs', network: 'tiny-mlp', method: 'throw', series: 'plugin steps' },
];
const trials = new Map(
  declarations.map(({ series, ...rest }) => {
    const options = registry.methods.get(rest.method)!.options.safeParse(('options' in rest && rest.options) || {});
    return [
      series,
      declareTrials([{ ...rest, series, options: (options.data ?? {}) as Record<string, unknown> }], 1, registry)[0]
        .spec,
    ];
  }),
);
const codes = new TrialCodes(registry);
await codes.locate([...trials.values()]);
const codeOf = (series: string, backend = 'cpu') => codes.code(trials.get(series)!, backend);
const filesOf = (series: string) => Object.fromEntries(codeOf(series).entries.map(({ name, file }) => [name, file]));

test('every criterion of the suite is found in a module of its own family, and never in an index', (t) => {
  for (const id of registry.criteria.keys())
    t.regex(
      filesOf(id)[`criterion ${id}`],
      /^packages\/(criteria\/[a-z-]+|methods)\/src\/(?!index|plugin)[a-z-/]+\.ts$/,
      id,
    );
  t.is(filesOf('snip')['criterion snip'], 'packages/criteria/initialization/src/snip.ts');
});

test('a trial names its steps, and a method that is more than a criterion', (t) => {
  t.is(filesOf('magnitude')['step train'], 'packages/training/src/steps/train.ts');
  t.false('method magnitude' in filesOf('magnitude'), 'made of its criterion');
  t.is(filesOf('greedy')['method prune-while-accurate'], 'packages/training/src/methods/prune-while-accurate.ts');
  t.is(filesOf('greedy')['criterion obd'], 'packages/criteria/second-order/src/obd.ts');
});

test("what a plugin brings is named by the plugin's own files", (t) => {
  t.is(filesOf('plugin data')['data set blobs'], 'tiny.ts');
  t.is(filesOf('plugin steps')['step throw'], 'faulty-steps.ts');
  t.deepEqual(
    codes.plugins().map(({ file }) => file),
    ['tiny.ts'],
  );
});

test('criteria do not hang on each other, and all hang on the same engine', (t) => {
  const digest = (series: string) => codeOf(series).entries.find(({ name }) => name.startsWith('criterion'))!.digest;
  const ids = [...registry.criteria.keys()];
  t.true(new Set(ids.map(digest)).size >= ids.length - 1, 'two criteria share a module at most');
  for (const part of ['packages/core', 'packages/training', 'packages/data', '@tensorflow/tfjs-core'])
    t.true(part in codeOf('magnitude').engine, part);
});

test('the backend is part of the engine, with its kernels', (t) => {
  const [cpu, native] = [codeOf('snip').engine, codeOf('snip', 'native').engine];
  t.false('packages/backends/native' in cpu);
  t.true('packages/backends/native' in native);
  t.is(cpu['packages/training'], native['packages/training']);
});

test('the network is named by its graph', (t) => {
  t.not(codeOf('magnitude').network, codeOf('plugin data').network);
  t.is(codeOf('magnitude').network, codeOf('snip').network);
});

test("a stage's code is that of its steps alone", (t) => {
  const [snip, grasp] = [trials.get('snip')!, trials.get('grasp')!];
  const train = { kind: 'train', options: training };
  const prune = (criterion: string) => ({ kind: 'prune', options: { criterion, sparsity: 0.5 } });
  t.is(codes.stage(snip, [train], 'cpu'), codes.stage(grasp, [train], 'cpu'));
  t.not(codes.stage(snip, [train, prune('snip')], 'cpu'), codes.stage(snip, [train, prune('grasp')], 'cpu'));
  t.not(codes.stage(snip, [train], 'cpu'), codes.stage(snip, [train], 'native'));
});
