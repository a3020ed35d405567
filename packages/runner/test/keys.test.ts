import {
  type AxisPoint,
  defineMethod,
  type ExtensionEntry,
  type TrialSpec,
  trainOptions,
  withoutDefaults,
} from '@prunebench/core';
import test from 'ava';
import { z } from 'zod';
import { normalizeStep, type StageIdentity, stageKey, trialKey, trialKeys } from '../src/plan/keys.ts';
import { declareTrials } from '../src/plan/plan.ts';
import { loadRegistry } from '../src/registry.ts';

const registry = await loadRegistry();

const training = trainOptions.parse({ epochs: 8, learningRate: 0.1 });
const spec: TrialSpec = {
  dataset: 'mnist',
  network: 'lenet-300-100',
  method: 'magnitude',
  options: {},
  sparsity: 0.9,
  pretrain: training,
  retrain: { ...training, epochs: 3 },
  seed: 0,
};

const identity: StageIdentity = {
  dataset: 'mnist',
  datasetChecksum: 'c0ffee',
  network: {
    name: 'linear',
    inputShape: [2],
    layers: [{ kind: 'dense', name: 'fc', inputs: ['input'], units: 2, useBias: false }],
  },
  initializer: 'glorot-normal',
  seed: 0,
  backend: 'native',
  steps: [{ kind: 'train', options: { epochs: 1, learningRate: 0.1 } }],
};

// SHA-256 of the canonical JSON, computed by another program (Python's json and hashlib).
// A change of these literals orphans every record that was ever published: raise SCHEMA_VERSION, or do not make the change.
test('keys are what they always were', (t) => {
  t.is(trialKey(spec, registry), 'be05c3ff1fd22f3aa0bdc4a6b88206b2');
  t.is(
    trialKey({ ...spec, options: { scope: 'layerwise', allocation: 'erk' }, seed: 2 }, registry),
    'd084f0b8b7a99ae6458180dd1d56f9e5',
  );
  t.is(stageKey(identity), 'b275af346f09b96cf4d78ed8826a4dbb');
});

test('keys of many trials at once are the same, whatever was asked before', (t) => {
  const keyOf = trialKeys(registry);
  const specs = [0, 1, 0].flatMap((seed) =>
    [{}, { scope: 'layerwise' }, { scope: 'layerwise', allocation: 'erk' }].map((options) => ({
      ...spec,
      options,
      seed,
    })),
  );
  for (const each of specs) t.is(keyOf(each), trialKey(each, registry));
  t.is(
    keyOf({ ...spec, options: { scope: 'layerwise', allocation: 'erk' }, seed: 2 }),
    'd084f0b8b7a99ae6458180dd1d56f9e5',
  );
});

// As above: from Python's json and hashlib.
test('a point on another axis is part of the key, and a sparsity is hashed as it always was', (t) => {
  const { sparsity: _sparsity, at: _at, ...rest } = spec;
  // Magnitude of single weights takes neither, so its steps cannot be looked at.
  const unrevised = { ...registry, steps: new Map(), extensions: new Map() };
  t.is(trialKey({ ...rest, at: { lambda: 0.001 } }, unrevised), '8f4327addcc450102eee0450dc86b2c1');
  t.is(trialKey({ ...rest, at: { units: 0.5 } }, unrevised), '49c2eb540b4626a85636c24db050d786');
  const declaration = { ...rest, series: 'x' };
  const keysOf = (point: { sparsity: number } | { at: AxisPoint }) =>
    declareTrials([{ ...declaration, ...point }], 1, registry).map(({ key }) => key);
  t.deepEqual(keysOf({ at: { sparsity: 0.9 } }), ['be05c3ff1fd22f3aa0bdc4a6b88206b2']);
  t.deepEqual(keysOf({ sparsity: 0.9 }), ['be05c3ff1fd22f3aa0bdc4a6b88206b2']);
});

test('options that are spelled out with their default values change no trial key', (t) => {
  const magnitude = registry.methods.get('magnitude')!;
  t.is(
    trialKey({ ...spec, options: magnitude.options.parse({}) as TrialSpec['options'] }, registry),
    trialKey(spec, registry),
  );
  t.not(trialKey({ ...spec, options: { scope: 'layerwise' } }, registry), trialKey(spec, registry));
});

test('a criterion that says what it computes anew has new keys, through whatever method names it', (t) => {
  const criteria = new Map(registry.criteria);
  const methods = new Map(registry.methods);
  criteria.set('magnitude', { ...criteria.get('magnitude')!, revision: 2 });
  methods.set('magnitude', { ...methods.get('magnitude')!, revision: 2 });
  const revised = { ...registry, criteria, methods };
  const others = { ...spec, method: 'random' };
  const inOptions = { ...spec, method: 'prune-while-accurate', options: { criterion: 'magnitude' } };
  t.not(trialKey(spec, revised), trialKey(spec, registry));
  t.not(trialKey(inOptions, revised), trialKey(inOptions, registry));
  t.is(trialKey(others, revised), trialKey(others, registry));
  const step = { kind: 'prune', options: { criterion: 'magnitude', sparsity: 0.5 } };
  t.deepEqual(normalizeStep(step, registry), step);
  t.deepEqual(normalizeStep(step, revised), { ...step, revision: 2 });
});

test('every field of a spec is part of its key', (t) => {
  const variants: TrialSpec[] = [
    spec,
    { ...spec, dataset: 'cifar10' },
    { ...spec, network: 'conv-2' },
    { ...spec, method: 'random' },
    { ...spec, sparsity: 0.95 },
    { ...spec, pretrain: { ...training, epochs: 9 } },
    { ...spec, pretrain: null },
    { ...spec, retrain: training },
    { ...spec, seed: 1 },
  ];
  t.is(new Set(variants.map((variant) => trialKey(variant, registry))).size, variants.length);
});

test('an option that is added with a default leaves the keys of older options alone', (t) => {
  const before = z.strictObject({ rate: z.number().default(0.5), inner: z.strictObject({ depth: z.int() }) });
  const after = before.extend({
    added: z.boolean().default(false),
    inner: z.strictObject({ depth: z.int(), addedInside: z.enum(['a', 'b']).default('a') }),
  });
  const value = { rate: 0.7, inner: { depth: 2 } };
  t.deepEqual(withoutDefaults(before, value), value);
  t.deepEqual(withoutDefaults(after, value), value);
  t.deepEqual(withoutDefaults(after, { ...value, added: true }), { ...value, added: true });
});

test('a kind of step with a revision has new keys, in the trials that take such a step and in no other', (t) => {
  const steps = new Map(registry.steps);
  steps.set('prune', { ...steps.get('prune')!, revision: 3 });
  const revised = { ...registry, steps };
  const other = { ...spec, method: 'prune-while-accurate', options: { criterion: 'magnitude' } };
  t.not(trialKey(spec, revised), trialKey(spec, registry));
  t.is(trialKey(other, revised), trialKey(other, registry));
  const step = { kind: 'prune', options: { criterion: 'magnitude', sparsity: 0.5 } };
  t.deepEqual(normalizeStep(step, revised), { ...step, kindRevision: 3 });
});

test('withoutDefaults removes defaults at any depth and keeps what differs', (t) => {
  const parsed = trainOptions.parse({
    epochs: 1,
    learningRate: 0.1,
    optimizer: { kind: 'adam' },
    schedule: { kind: 'step', boundaries: [0.5] },
  });
  t.deepEqual(withoutDefaults(trainOptions, parsed), {
    epochs: 1,
    learningRate: 0.1,
    optimizer: { kind: 'adam' },
    schedule: { kind: 'step', boundaries: [0.5] },
  });
  t.deepEqual(
    withoutDefaults(trainOptions, { ...parsed, optimizer: { kind: 'sgd', momentum: 0.9, nesterov: false } }),
    {
      epochs: 1,
      learningRate: 0.1,
      schedule: { kind: 'step', boundaries: [0.5] },
    },
  );
});

test("a pruning step is normalised with the criterion's own defaults", (t) => {
  const norm = registry.criteria.get('filter-norm')!;
  const options = { criterion: 'filter-norm', sparsity: 0.5, granularity: 'unit' };
  const spelledOut = { ...options, criterionOptions: norm.options.parse({}), scope: 'global', shuffle: false };
  t.true(Object.keys(norm.options.parse({}) as object).length > 0, 'the criterion has an option to leave out');
  t.deepEqual(normalizeStep({ kind: 'prune', options: spelledOut }, registry), { kind: 'prune', options });
});

test('a stage depends on data, network, seed, backend and every step before it', (t) => {
  const [step] = identity.steps;
  const variants: StageIdentity[] = [
    identity,
    { ...identity, dataset: 'fashion-mnist' },
    { ...identity, datasetChecksum: 'c0ffef' },
    { ...identity, network: { ...identity.network, inputShape: [3] } },
    { ...identity, initializer: 'he-normal' },
    { ...identity, seed: 1 },
    { ...identity, backend: 'cpu' },
    { ...identity, steps: [step, step] },
    { ...identity, steps: [{ ...step, options: { ...step.options, epochs: 2 } }] },
  ];
  t.is(new Set(variants.map(stageKey)).size, variants.length);
});

test('extensions of a training: default options are left out of keys, revisions are in them', (t) => {
  const extension = (revision?: number): ExtensionEntry => ({
    id: 'decay',
    title: 'decay',
    citation: 'lecun1990obd',
    options: z.strictObject({ strength: z.number().default(0.1) }),
    ...(revision && { revision }),
  });
  const method = defineMethod({
    id: 'decayed',
    title: 'decayed',
    citation: 'lecun1990obd',
    taxonomy: 'regularization',
    options: z.strictObject({}),
    steps: () => [{ kind: 'train', options: { epochs: 1, learningRate: 0.1, extensions: [{ id: 'decay' }] } }],
  });
  const withExtension = (revision?: number) => ({
    ...registry,
    methods: new Map([...registry.methods, ['decayed', method]]),
    extensions: new Map([['decay', extension(revision)]]),
  });
  const train = (extensions: unknown) => ({ kind: 'train', options: { epochs: 1, learningRate: 0.1, extensions } });
  const hashed = (extensions: unknown, revision?: number) => normalizeStep(train(extensions), withExtension(revision));
  const plain = { kind: 'train', options: { epochs: 1, learningRate: 0.1 } };
  t.deepEqual(hashed([]), plain);
  const listed = { ...plain, options: { ...plain.options, extensions: [{ id: 'decay', options: {} }] } };
  t.deepEqual(hashed([{ id: 'decay' }]), listed);
  t.deepEqual(hashed([{ id: 'decay', options: { strength: 0.1 } }]), listed);
  t.deepEqual(hashed([{ id: 'decay' }], 2), { ...listed, extensionRevisions: { decay: 2 } });
  const pruned = (extensions: unknown, revision?: number) => {
    const retrain = { epochs: 1, learningRate: 0.1, extensions };
    const options = { criterion: 'magnitude', limit: 0.5, retrain };
    return normalizeStep({ kind: 'prune-while-accurate', options }, withExtension(revision));
  };
  t.deepEqual(pruned([{ id: 'decay', options: { strength: 0.1 } }]), pruned([{ id: 'decay', options: {} }]));
  t.notDeepEqual(pruned([{ id: 'decay', options: { strength: 0.2 } }]), pruned([{ id: 'decay', options: {} }]));
  t.deepEqual(pruned([{ id: 'decay' }], 2).extensionRevisions, { decay: 2 });
  const decayed = { ...spec, method: 'decayed', options: {} };
  t.not(trialKey(decayed, withExtension(2)), trialKey(decayed, withExtension()));
  t.is(trialKey(spec, withExtension(2)), trialKey(spec, registry));
});

test('states that other instructions have computed are other states', (t) => {
  const keys = ['AVX2', 'AVX-512'].map((instructions) => stageKey({ ...identity, instructions }));
  t.is(new Set([...keys, stageKey(identity)]).size, 3);
});
