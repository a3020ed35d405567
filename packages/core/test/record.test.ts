import test from 'ava';
import { pruneOptions, SCHEMA_VERSION, trainOptions, trialRecord } from '../src/index.ts';

const evaluation = { accuracy: 97.5, loss: 0.08 };
const both = { validation: evaluation, test: evaluation };
const training = trainOptions.parse({ epochs: 2, learningRate: 0.1 });

const example = {
  schema: SCHEMA_VERSION,
  key: 'a1b2',
  benchmark: 'global-vs-layerwise',
  scale: 'smoke',
  series: 'global, one-shot',
  control: false,
  spec: {
    dataset: 'mnist',
    network: 'lenet-300-100',
    method: 'magnitude',
    options: { scope: 'global' },
    sparsity: 0.9,
    pretrain: training,
    retrain: training,
    seed: 0,
  },
  failure: null,
  measured: {
    sparsity: { requested: 0.9, achieved: 0.9 },
    layers: [{ name: 'fc1/kernel', weights: 235200, remaining: 17604 }],
    collapsedLayers: [],
    parameters: { total: 266610, remaining: 27030 },
    compressionRatio: 9.86,
    multiplyAdds: { dense: 266200, remaining: 26620 },
    theoreticalSpeedup: 10,
    dense: both,
    pruned: both,
    final: both,
    bestValidation: { epoch: 2, ...both },
    trainedExamples: 216000,
  },
  run: {
    commit: '0123456',
    dirty: false,
    backend: 'native',
    threads: 2,
    versions: { prunebench: '0.1.0' },
    datasetChecksum: 'abc',
    host: { cpu: 'any', cores: 2, platform: 'linux-x64' },
    finishedAt: '2026-01-01T00:00:00Z',
    computeSeconds: 12.5,
    stages: [{ key: '0123456789abcdef0123456789abcdef', kind: 'train', seconds: 10 }],
  },
};

const effective = { remaining: 26_000, sparsity: 0.9023, cutLayers: [] };

const speed = {
  commit: '0123456',
  dirty: false,
  backend: 'native',
  threads: 2,
  versions: { prunebench: '0.1.0' },
  host: { cpu: 'any', cores: 2, platform: 'linux-x64' },
  measuredAt: '2026-01-02T00:00:00Z',
  timed: 'a1b2',
  batches: [
    {
      batchSize: 1,
      speedup: 4.5,
      speedupMin: 4.25,
      speedupMax: 4.75,
      rounds: 9,
      denseMilliseconds: 0.09,
      sparseMilliseconds: 0.02,
      kind: 'image',
    },
  ],
};
/** With what records of earlier versions do not have. */
const measuredSpeed = {
  ...example,
  measured: { ...example.measured, fileBytes: { dense: 1_067_512, sparse: 219_048 } },
  speed,
};

test('a record with measured speed and file sizes is accepted as it is; one without them stays valid', (t) => {
  t.deepEqual(trialRecord.parse(measuredSpeed), measuredSpeed as never);
  t.false('speed' in trialRecord.parse(example));
  t.false('fileBytes' in trialRecord.parse(example).measured!);
  for (const path of [
    'speed.surprise',
    'speed.host.surprise',
    'speed.batches.0.surprise',
    'measured.fileBytes.surprise',
  ])
    t.throws(() => trialRecord.parse(changed(measuredSpeed, path.split('.'), 1)), { message: /surprise/ }, path);
  for (const [path, value] of [
    ['speed.batches', []],
    ['speed.batches.0.speedup', Number.POSITIVE_INFINITY],
    ['speed.batches.0.kind', 'fast'],
    ['speed.timed', undefined],
    ['measured.fileBytes.sparse', 0.5],
  ] as const)
    t.throws(() => trialRecord.parse(changed(measuredSpeed, path.split('.'), value)), undefined, path);
});

test('what earlier versions did not record: effective weights, quartiles, the baseline; ratios of nothing are null', (t) => {
  const record = {
    ...measuredSpeed,
    measured: { ...measuredSpeed.measured, effective, compressionRatio: null, theoreticalSpeedup: null },
    speed: { ...speed, baseline: 'compiled', batches: [{ ...speed.batches[0], speedupQ1: 4.4, speedupQ3: 4.6 }] },
  };
  t.deepEqual(trialRecord.parse(JSON.parse(JSON.stringify(record))), record as never);
  t.throws(() => trialRecord.parse(changed(record, ['speed', 'baseline'], 'dense')));
});

test('a full record is accepted as it is, and survives a file', (t) => {
  t.deepEqual(trialRecord.parse(example), example as never);
  t.deepEqual(trialRecord.parse(JSON.parse(JSON.stringify(example))), example as never);
  t.notThrows(() => trialRecord.parse({ ...example, measured: null, failure: 'layer collapse in fc1/kernel' }));
  t.notThrows(() => trialRecord.parse({ ...example, spec: { ...example.spec, pretrain: null, retrain: null } }));
});

test('the architecture, named metrics and evaluations are there or not, and each is whole', (t) => {
  const architecture = [
    {
      name: 'fc1/kernel',
      kind: 'dense',
      inputs: { total: 784, remaining: 434 },
      units: { total: 300, remaining: 174 },
    },
  ];
  const metrics = { 'rank-correlation': { value: -0.25, unit: 'ratio' }, fitness: { value: 0, unit: 'percent' } };
  const record = { ...example, measured: { ...example.measured, architecture, evaluations: 12, metrics } };
  const parsed: unknown = trialRecord.parse(JSON.parse(JSON.stringify(record)));
  t.deepEqual(parsed, record);
  for (const name of ['architecture', 'evaluations', 'metrics'])
    t.false(name in trialRecord.parse(example).measured!, name);
  for (const [path, value] of [
    ['measured.architecture.0.units.remaining', 0.5],
    ['measured.architecture.0.kind', 'pool'],
    ['measured.architecture.0.surprise', 1],
    ['measured.evaluations', -1],
    ['measured.metrics.fitness.value', Number.NaN],
    ['measured.metrics.fitness.value', 'much'],
    ['measured.metrics.fitness.unit', ''],
    ['measured.metrics.fitness.unit', 'per_cent'],
    ['measured.metrics.fitness.surprise', 1],
    ['measured.metrics.Best fitness', { value: 1, unit: 'percent' }],
    ['measured.metrics.two--dashes', { value: 1, unit: 'percent' }],
  ] as const)
    t.throws(() => trialRecord.parse(changed(record, path.split('.'), value)), undefined, path);
});

/** The record with `value` set at a path of keys. */
function changed(record: unknown, [key, ...rest]: readonly string[], value: unknown): unknown {
  const old = record as Record<string, unknown>;
  if (Array.isArray(old)) return old.with(Number(key), changed(old[Number(key)], rest, value));
  return { ...old, [key]: rest.length === 0 ? value : changed(old[key], rest, value) };
}

test('unknown keys are refused at every level, by name', (t) => {
  for (const path of [
    '',
    'spec',
    'spec.pretrain',
    'spec.pretrain.optimizer',
    'measured',
    'measured.final',
    'measured.sparsity',
    'run',
    'run.host',
  ]) {
    const keys = [...path.split('.').filter(Boolean), 'surprise'];
    t.throws(() => trialRecord.parse(changed(example, keys, 1)), { message: /surprise/ }, path);
  }
});

test('missing, mistyped and impossible values are refused', (t) => {
  const cases: [string, unknown][] = [
    ['schema', SCHEMA_VERSION + 1],
    ['key', undefined],
    ['scale', 'huge'],
    ['spec.sparsity', 1],
    ['spec.seed', 0.5],
    ['spec.pretrain.learningRate', 0],
    ['measured.final.test.accuracy', Number.NaN],
    ['measured.compressionRatio', Number.POSITIVE_INFINITY],
    ['measured.theoreticalSpeedup', undefined],
    ['measured.effective', { remaining: 1.5, sparsity: 0.5, cutLayers: [] }],
    ['measured.effective', { remaining: 1, sparsity: 0.5 }],
    ['measured.parameters.remaining', 0.5],
  ];
  for (const [path, value] of cases)
    t.throws(() => trialRecord.parse(changed(example, path.split('.'), value)), undefined, path);
});

test('options: defaults are filled in, unknown and impossible ones refused', (t) => {
  t.deepEqual(training.optimizer, { kind: 'sgd', momentum: 0.9, nesterov: false });
  t.deepEqual(pruneOptions.parse({ criterion: 'magnitude', sparsity: 0.5 }), {
    criterion: 'magnitude',
    criterionOptions: {},
    exclude: [],
    of: 'weights',
    sparsity: 0.5,
    via: [],
    scope: 'global',
    allocation: 'uniform',
    granularity: 'weight',
    allowLayerCollapse: false,
    shuffle: false,
  });
  for (const wrong of [
    { sparsity: 1 },
    { sparsity: -0.1 },
    { sparsity: 0.5, scope: 'local' },
    { sparsity: 0.5, speed: 1 },
  ])
    t.throws(() => pruneOptions.parse({ criterion: 'magnitude', ...wrong }));
  t.throws(() => trainOptions.parse({ epochs: 1, learningRate: 0.1, optimizer: { kind: 'adam', momentum: 0.9 } }), {
    message: /momentum/,
  });
});

test('a record was finished, and timed, at some moment', (t) => {
  for (const finishedAt of ['', 'yesterday', '2026-02-30T00:00:00Z', '2026-01-01']) {
    t.false(trialRecord.safeParse({ ...example, run: { ...example.run, finishedAt } }).success, finishedAt);
    t.false(trialRecord.safeParse({ ...example, speed: { ...speed, measuredAt: finishedAt } }).success, finishedAt);
  }
});
