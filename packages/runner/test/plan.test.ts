import { allocate, type Step, type TrialDeclaration } from '@prunebench/core';
import test from 'ava';
import { evaluationPoints } from '../src/plan/evaluation-points.ts';
import { declareTrials, planStages, type Trial } from '../src/plan/plan.ts';
import { loadRegistry } from '../src/registry.ts';

const registry = await loadRegistry();
const training = { epochs: 1, learningRate: 0.1 };
const cell: TrialDeclaration = {
  dataset: 'mnist',
  network: 'lenet-300-100',
  method: 'magnitude',
  sparsity: 0.9,
  pretrain: training,
  retrain: training,
  series: 'global',
};
const context = {
  backend: 'cpu',
  network: () => registry.network('lenet-300-100').build({ inputShape: [28, 28, 1], classes: 10 }),
  datasetChecksum: () => 'c0ffee',
};
const plan = (declarations: readonly TrialDeclaration[], seeds = 1) =>
  planStages(declareTrials(declarations, seeds, registry), registry, context);

test('trials of a seed share their pretraining, and iterative trials their first rounds', (t) => {
  const schedule = { kind: 'iterative', rate: 0.5 };
  const { trials, stages } = plan([
    cell,
    { ...cell, sparsity: 0.95, series: 'further' },
    { ...cell, options: { schedule }, series: 'iterative' },
    { ...cell, options: { schedule }, sparsity: 0.95, series: 'iterative, further' },
  ]);
  const [global, further, iterative, iterativeFurther] = trials.map((trial) => trial.stages);
  t.is(global[0], further[0]);
  t.not(global[1], further[1]);
  // 50, 75, 87.5 % are common; 90 % is the one's end and 93.75 % the other's next round.
  t.is(iterative.length, 1 + 2 * 4);
  t.is(iterativeFurther.length, 1 + 2 * 5);
  t.deepEqual(iterative.slice(0, 7), iterativeFurther.slice(0, 7));
  t.not(iterative[7], iterativeFurther[7]);
  t.is(stages.size, 1 + 2 + 2 + 6 + 2 + 4);
});

test('every stage follows its parent, and seeds share nothing', (t) => {
  const { trials, stages } = plan([cell, { ...cell, sparsity: 0.5, series: 'half' }], 2);
  t.is(trials.length, 4);
  for (const { stages: keys } of trials)
    for (const [i, key] of keys.entries()) {
      const stage = stages.get(key)!;
      t.is(stage.parent, i === 0 ? null : keys[i - 1]);
      t.deepEqual(stage.ancestors, keys.slice(0, i));
      t.is(stage.steps.length, i + 1);
    }
  const keysOf = (seed: number) =>
    new Set(trials.filter(({ spec }) => spec.seed === seed).flatMap((trial) => trial.stages));
  t.deepEqual(
    [...keysOf(0)].filter((key) => keysOf(1).has(key)),
    [],
  );
});

test('a whole seed comes before the next one', (t) => {
  const trials = declareTrials([cell, { ...cell, sparsity: 0.5, series: 'half' }], 2, registry);
  t.deepEqual(
    trials.map(({ series, spec }) => `${series} ${spec.seed}`),
    ['global 0', 'half 0', 'global 1', 'half 1'],
  );
});

test('two series with one spec are one trial under two names', (t) => {
  const [one, other] = declareTrials([cell, { ...cell, series: 'other' }], 1, registry);
  t.is(one.key, other.key);
  t.is(one.name, one.key);
  t.regex(other.name, new RegExp(`^${one.key}-[0-9a-f]{8}$`));
});

const step = (kind: string): Step => ({ kind, options: {} });
const points = (...kinds: string[]) => evaluationPoints(kinds.map(step), registry.steps);

test('what is evaluated: before the first pruning, after the last, and at the end', (t) => {
  t.deepEqual(points('train', 'prune', 'train'), { dense: 0, pruned: 1, final: 2 });
  t.deepEqual(points('train', 'prune', 'train', 'prune', 'train'), { dense: 0, pruned: 3, final: 4 });
  t.deepEqual(points('train', 'train', 'prune', 'reinitialize', 'train'), { dense: 1, pruned: 2, final: 4 });
});

test('a network that is pruned before any training has no dense accuracy', (t) => {
  t.deepEqual(points('prune', 'train', 'train'), { dense: null, pruned: 0, final: 2 });
});

test("batch norm's statistics belong to the pruning that they follow", (t) => {
  t.deepEqual(points('train', 'prune', 'estimate-batch-norm', 'train'), { dense: 0, pruned: 2, final: 3 });
});

test('nothing trained, nothing evaluated; nothing pruned, one state for all', (t) => {
  t.deepEqual(points('prune', 'prune'), { dense: null, pruned: null, final: null });
  t.deepEqual(points('train', 'train'), { dense: 1, pruned: 1, final: 1 });
});

test('theory-vs-reality measures the LeNets that global-vs-layerwise trains, not ones of its own', async (t) => {
  const keysOf = async (id: string, wanted: (trial: Trial) => boolean) => {
    const benchmark = await registry.benchmarks.get(id)!.load();
    return declareTrials(benchmark.trials('cpu'), 3, registry)
      .filter(wanted)
      .map(({ key }) => key);
  };
  const isMagnitude = ({ spec, series }: Trial) =>
    /^lenet/.test(spec.network) && series === 'single weights, magnitude';
  const keys = await keysOf('theory-vs-reality', isMagnitude);
  const theirs = new Set(await keysOf('global-vs-layerwise', () => true));
  t.is(keys.length, 2 * 6 * 3);
  t.deepEqual(
    keys.filter((key) => !theirs.has(key)),
    [],
  );
});

test('shares of layers that a benchmark lists make the sparsity that it asks for', async (t) => {
  let listed = 0;
  for (const { load } of registry.benchmarks.values()) {
    const benchmark = await load();
    for (const { dataset, network, options = {}, sparsity } of benchmark.trials('cpu')) {
      const { allocation } = options as { allocation?: string | Record<string, number> };
      if (typeof allocation !== 'object') continue;
      const { inputShape, classes } = registry.datasets.get(dataset)!.shape;
      const built = registry.network(network).build({ inputShape, classes });
      t.deepEqual(allocate(built, sparsity!, allocation), allocation);
      listed++;
    }
  }
  t.true(listed > 0);
});
