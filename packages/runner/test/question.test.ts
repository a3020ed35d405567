/** Questions of one's own: what is typed, and the trials that it declares. */
import { defineBenchmark, PrunebenchError, type TrialDeclaration } from '@prunebench/core';
import test from 'ava';
import { declareTrials } from '../src/plan/plan.ts';
import { deriveBenchmark, isChanged } from '../src/question/derived-benchmark.ts';
import { costTarget, seedList, shareList, shownList, strengthList } from '../src/question/lists.ts';
import { askOwnQuestion, type OwnQuestion } from '../src/question/own-question.ts';
import { loadRegistry } from '../src/registry.ts';

const registry = await loadRegistry();
const cosine = (epochs: number, learningRate: number) => ({
  epochs,
  batchSize: 128,
  learningRate,
  optimizer: { kind: 'sgd', momentum: 0.9, nesterov: true } as const,
  schedule: { kind: 'cosine' } as const,
  weightDecay: 5e-4,
});
const question: OwnQuestion = {
  dataset: 'mnist',
  network: 'lenet-300-100',
  criteria: ['snip'],
  methods: [],
  points: [{ sparsity: 0.9 }, { sparsity: 0.95 }],
  seeds: 3,
  scale: 'cpu',
  options: {},
  set: [],
};
const keys = (declarations: readonly TrialDeclaration[], seeds: number | readonly number[] = 1) =>
  declareTrials(declarations, seeds, registry).map(({ key }) => key);
const asked = async (more: Partial<OwnQuestion> = {}) => askOwnQuestion({ ...question, ...more }, registry);
const refused = async (more: Partial<OwnQuestion>) => {
  try {
    await asked(more);
  } catch (error) {
    if (error instanceof PrunebenchError) return { message: error.message, remedy: error.remedy ?? '' };
    throw error;
  }
  throw new Error('nothing was refused');
};

test('seeds and shares are typed as lists and ranges', (t) => {
  t.deepEqual(seedList('5..9'), [5, 6, 7, 8, 9]);
  t.deepEqual(seedList('7'), [7]);
  t.deepEqual(seedList(' 4, 0..2,1'), [0, 1, 2, 4]);
  t.deepEqual(shareList('0.95,0.9'), [0.9, 0.95]);
  t.deepEqual(shareList('0.5..0.9:0.1'), [0.5, 0.6, 0.7, 0.8, 0.9]);
  t.deepEqual(shareList('0.3..0.31:0.5'), [0.3]);
  t.deepEqual(strengthList('10,0.001'), [0.001, 10]);
  t.deepEqual(costTarget('multiply-adds=0.25,0.5'), { points: [{ multiplyAdds: 0.5 }, { multiplyAdds: 0.75 }] });
  t.deepEqual(costTarget('latency=0.25,0.5'), { latency: [0.5, 0.25] });
  for (const text of ['', 'x', '5..', '9..5', '-1', '1.5', '0..100000'])
    t.throws(() => seedList(text), undefined, text);
  for (const text of ['', '1', '-0.1', '0.5..0.9', '0.9..0.5:0.1', '0.1..0.9:0', 'NaN', '0.5..0.9:'])
    t.throws(() => shareList(text), undefined, text);
  for (const text of ['multiply-adds', 'multiply-adds=0', 'multiply-adds=1.5', 'latency', 'latency=2', 'time=1'])
    t.throws(() => costTarget(text));
  t.is(shownList([5, 6, 7]), '5..7');
  t.is(shownList([0.9, 0.95]), '0.9,0.95');
});

test('a question has the keys of the same trials declared in a file', async (t) => {
  const { benchmark, budget } = await asked({ set: ['retrain.epochs=2'] });
  t.is(budget.benchmark, 'global-vs-layerwise');
  // Written as a benchmark's file would have it.
  const cell = {
    dataset: 'mnist',
    network: 'lenet-300-100',
    pretrain: cosine(8, 0.1),
    retrain: { ...cosine(3, 0.05), epochs: 2, sparse: 'auto' as const },
  };
  const declared: TrialDeclaration[] = [
    { ...cell, method: 'magnitude', sparsity: 0, series: 'dense, same budget', control: true },
    { ...cell, method: 'snip', sparsity: 0.9, series: 'snip' },
    { ...cell, method: 'snip', sparsity: 0.95, series: 'snip' },
  ];
  t.deepEqual(keys(benchmark.trials('cpu'), 3), keys(declared, 3));
});

test('a question at the budget of a benchmark asks for the trials of its table', async (t) => {
  const { benchmark } = await asked({ criteria: ['magnitude'], options: { scope: 'layerwise', allocation: 'erk' } });
  const published = await registry.benchmarks.get('global-vs-layerwise')!.load();
  const table = published
    .trials('cpu')
    .filter(
      ({ network, series, sparsity = 0 }) =>
        network === 'lenet-300-100' && series === 'layer-wise ERK, one-shot' && sparsity >= 0.9 && sparsity <= 0.95,
    );
  t.is(table.length, 2);
  t.deepEqual(keys(benchmark.trials('cpu')).slice(1), keys(table));
});

test('what prunes at initialization is trained after it, and papers that need rounds get them', async (t) => {
  const stepsOf = async (criterion: string, options = {}) => {
    const { benchmark } = await asked({ criteria: [criterion], points: [{ sparsity: 0.9 }], options });
    const [, trial] = declareTrials(benchmark.trials('cpu'), 1, registry);
    const network = registry.network('lenet-300-100').build(registry.datasets.get('mnist')!.shape);
    const { pretrain, retrain } = trial.spec;
    const steps = registry.methods
      .get(criterion)!
      .steps({ network, at: { sparsity: 0.9 }, pretrain, retrain, options: trial.spec.options });
    return steps.map(({ kind, options: { via } }) => (Array.isArray(via) ? `${kind} ${via.length + 1}` : kind));
  };
  t.deepEqual(await stepsOf('magnitude'), ['train', 'prune 1', 'train']);
  for (const criterion of ['snip', 'grasp'])
    t.deepEqual(await stepsOf(criterion), ['prune 1', 'train', 'train'], criterion);
  t.deepEqual(await stepsOf('synflow'), ['prune 100', 'train', 'train']);
  t.deepEqual(await stepsOf('synflow', { schedule: { kind: 'one-shot' } }), ['prune 1', 'train', 'train']);
});

test('a method of one training has as much of it as the others have in two', async (t) => {
  const { benchmark, notes } = await asked({ criteria: [], methods: ['lottery-ticket'], set: ['retrain.epochs=2'] });
  const [, ticket] = benchmark.trials('cpu');
  t.is(ticket.retrain, null);
  t.is(ticket.pretrain?.epochs, 10);
  t.regex(notes.join(), /lottery-ticket trains once: for 10 epochs/);
});

test('the table is named by what is asked, and not by how many points and seeds', async (t) => {
  const { benchmark } = await asked();
  t.regex(benchmark.id, /^prune@mnist,lenet-300-100,snip,[0-9a-f]{8}$/);
  t.is((await asked({ points: [{ sparsity: 0.5 }], seeds: [7] })).benchmark.id, benchmark.id);
  for (const more of [{ set: ['retrain.epochs=2'] }, { options: { scope: 'layerwise' } }, { criteria: ['grasp'] }])
    t.not((await asked(more)).benchmark.id, benchmark.id, JSON.stringify(more));
});

test('names, options and values that do not exist or fit are one error each', async (t) => {
  const near = await refused({ set: ['retrain.epoch=2'] });
  t.regex(near.message, /--set retrain\.epoch:/);
  t.regex(near.remedy, /Did you mean retrain\.epochs \(a number above 0\)\?/);
  t.regex((await refused({ set: ['epochs=2'] })).remedy, /Did you mean pretrain\.epochs/);
  const range = await refused({ set: ['pretrain.learningRate=0'] });
  t.regex(range.message, /^--set pretrain\.learningRate=0: /);
  t.is(range.remedy, 'Allowed: a number above 0.');
  t.is((await refused({ set: ['pretrain.batchSize=many'] })).remedy, 'Allowed: a whole number above 0.');
  t.is((await refused({ set: ['pretrain.augmentation=flip'] })).remedy, 'Allowed: none or crop-flip.');
  t.regex((await refused({ set: ['pretrain.schedule.peak=0.2'] })).remedy, /--set pretrain\.schedule\.kind=one-cycle/);
  t.regex((await refused({ set: ['retrain.epochs=2', 'retrain.epochs=3'] })).message, /given twice/);
  t.regex((await refused({ set: ['retrain.epochs'] })).message, /not of the form/);
  t.regex((await refused({ criteria: ['snipp'] })).remedy, /"snip"/);
  t.regex((await refused({ like: 'dynamic-mnist' })).message, /does not prune lenet-300-100/);
  t.regex((await refused({ options: { exclude: ['conv1'] } })).remedy, /first and last/);
  t.regex(
    (await refused({ criteria: [], methods: ['rigl'], options: { exclude: ['first'] } })).message,
    /does not take --exclude/,
  );
  t.regex(
    (await refused({ criteria: [], methods: ['rigl'], points: [{ multiplyAdds: 0.5 }] })).message,
    /multiply-adds/,
  );
});

test('a new kind of optimizer or schedule has its own options alone', async (t) => {
  const { benchmark } = await asked({
    set: [
      'pretrain.optimizer.beta1=0.8',
      'pretrain.optimizer.kind=adam',
      'pretrain.schedule.finalFactor=0.1',
      'options.schedule.kind=iterative',
    ],
  });
  const [, trial] = benchmark.trials('cpu');
  t.deepEqual(trial.pretrain?.optimizer, { kind: 'adam', beta1: 0.8 });
  t.deepEqual(trial.pretrain?.schedule, { kind: 'cosine', finalFactor: 0.1 });
  t.deepEqual(trial.options, { schedule: { kind: 'iterative' } });
  const none = await asked({ set: ['retrain=null'] });
  t.true(none.benchmark.trials('cpu').every(({ retrain }) => retrain === null));
});

const training = { epochs: 1, learningRate: 0.1 };
const cell = { dataset: 'mnist', network: 'lenet-300-100', pretrain: training, retrain: null };
const small = defineBenchmark({
  id: 'small',
  title: 'Small',
  question: 'Small?',
  seeds: { smoke: 2, cpu: 3, paper: 3 },
  trials: () => [
    { ...cell, method: 'magnitude', sparsity: 0, series: 'dense, same budget', control: true },
    { ...cell, method: 'magnitude', sparsity: 0.9, series: 'magnitude' },
    { ...cell, method: 'set', sparsity: 0.9, series: 'set' },
    { ...cell, method: 'magnitude', sparsity: 0.5, series: 'longer and longer' },
    { ...cell, pretrain: { ...training, epochs: 2 }, method: 'magnitude', sparsity: 0.9, series: 'longer and longer' },
    { ...cell, method: 'network-slimming', at: { lambda: 0.1 }, series: 'slimming' },
  ],
  published: [],
});
const derived = (changes: Partial<Parameters<typeof deriveBenchmark>[2]>) =>
  deriveBenchmark(small, 'smoke', { set: [], ...changes }, registry);

test('a derived table has a name of its own, and says what is changed', (t) => {
  t.false(isChanged({ set: [] }));
  t.true(isChanged({ set: [], seed: [1] }));
  const { benchmark } = derived({ set: ['pretrain.learningRate=0.05'], seed: [5, 6, 7] });
  t.is(benchmark.id, 'small@pretrain.learningRate=0.05,seed=5..7');
  t.deepEqual(benchmark.changes, ['pretrain.learningRate=0.05', 'seed=5..7']);
  t.is(benchmark.seeds.smoke, 3);
  t.true(benchmark.trials('smoke').every(({ pretrain }) => pretrain?.learningRate === 0.05));
  t.deepEqual(small.trials('smoke')[0].pretrain, training, 'the benchmark itself stays as it is');
  const odd = derived({ set: ['pretrain.schedule={"kind":"cosine"}'] }).benchmark.id;
  t.regex(odd, /^small@[0-9a-f]{8}$/);
  t.not(derived({ set: ['pretrain.schedule={"kind":"constant"}'] }).benchmark.id, odd);
});

test('an option is changed where it exists, and a note says where it does not', (t) => {
  const { benchmark, notes } = derived({ set: ['options.scope=layerwise'] });
  const byMethod = (method: string) => benchmark.trials('smoke').filter((trial) => trial.method === method);
  t.true(byMethod('magnitude').every(({ options }) => options?.scope === 'layerwise'));
  t.is(byMethod('set')[0].options, undefined);
  t.deepEqual(notes, ['options.scope changes 4 of 6 trials: the others have no such option.']);
  t.throws(() => derived({ set: ['retrain.epochs=2'] }), {
    instanceOf: PrunebenchError,
    message: /no trial of small has a retrain/,
  });
});

test('every series that can be is asked for other sparsities', (t) => {
  const { benchmark, notes } = derived({ sparsity: [0.5, 0.7] });
  t.deepEqual(
    benchmark.trials('smoke').map(({ series, sparsity }) => [series, sparsity]),
    [
      ['dense, same budget', 0],
      ['magnitude', 0.5],
      ['magnitude', 0.7],
      ['set', 0.5],
      ['set', 0.7],
      // Its training is another one at each sparsity, and the declaration says nothing of 0.7.
      ['longer and longer', 0.5],
    ],
  );
  t.is(notes.length, 2);
  t.regex(notes.join('\n'), /longer and longer .* has no trial at sparsity 0\.7/);
  t.regex(notes.join('\n'), /slimming .* is asked for no sparsity/);
});

test('options that other programs call otherwise are recognised, and remedies name options of the command line', async (t) => {
  t.regex((await refused({ set: ['pretrain.lr=0.1'] })).remedy, /^Did you mean pretrain\.learningRate/);
  t.regex((await refused({ set: ['retrain.wd=0.1'] })).remedy, /^Did you mean retrain\.weightDecay/);
  t.regex((await refused({ set: ['retrain.momentum=0.1'] })).remedy, /^Did you mean retrain\.optimizer\.momentum/);
  const lambda = await refused({ points: [{ lambda: 0.1 }] });
  t.regex(lambda.remedy, /--sparsity or --units/);
  const penalty = { criteria: [], methods: ['sparse-variational-dropout'] };
  t.regex((await refused(penalty)).remedy, /--lambda 0\.001/);
  t.regex((await refused({ criteria: ['magnitude'], points: [{ units: 0.5 }] })).remedy, /--criterion filter-norm/);
});
