import {
  type Batch,
  type Criterion,
  LayerCollapseError,
  type Masks,
  type ParameterRecord,
  PrunebenchError,
  type State,
  type Subject,
} from '@prunebench/core';
import { convNet, mlp, randomParameters } from '@prunebench/testing';
import { toyDataset } from '@prunebench/testing/toy-dataset';
import test from 'ava';
import { absolute, criterionOf, scoresOf } from './support/criteria.ts';
import { runStep, sessionOf } from './support/session.ts';

const network = mlp([4, 6, 3]);
const dataset = toyDataset({ inputShape: [4], classes: 3, sizes: { calibration: 10 } });
const start: State = { parameters: randomParameters(network, 1), masks: {} };

function prune(criterion: Criterion, options: Record<string, unknown>, { state = start, seed = 1, position = 0 } = {}) {
  const session = sessionOf({ network, dataset, criteria: [criterion], seed, position });
  return runStep(session, state, 'prune', { criterion: criterion.id, ...options });
}

const kept = (state: State) =>
  Object.fromEntries(Object.entries(state.masks).map(([name, mask]) => [name, mask.reduce((a, b) => a + b, 0)]));
const magnitude = criterionOf({ score: absolute });

test('the smallest weights go, exactly as many as asked for; the others keep their values', async (t) => {
  const { state, metrics } = await prune(magnitude, { sparsity: 0.5 });
  const all = ['fc1/kernel', 'fc2/kernel'].flatMap((name) => [...start.parameters[name].values]);
  const median = all.map(Math.abs).sort((a, b) => a - b)[20];
  for (const name of ['fc1/kernel', 'fc2/kernel'])
    state.parameters[name].values.forEach((value, i) => {
      const before = start.parameters[name].values[i];
      t.is(value, Math.abs(before) > median ? before : 0);
      t.is(state.masks[name][i], value === 0 ? 0 : 1);
    });
  t.is(state.parameters['fc1/bias'], start.parameters['fc1/bias']);
  t.deepEqual(metrics.sparsity, { requested: 0.5, achieved: 21 / 42 });
  t.deepEqual(metrics.layers, [
    { name: 'fc1/kernel', weights: 24, remaining: kept(state)['fc1/kernel'] },
    { name: 'fc2/kernel', weights: 18, remaining: kept(state)['fc2/kernel'] },
  ]);
  t.deepEqual(metrics.collapsedLayers, []);
  t.true((metrics.scoreSeconds as number) >= 0);
});

test('via: scored anew at every sparsity on the way, on what is left', async (t) => {
  const seen: number[] = [];
  const watching = criterionOf({
    score(subject) {
      seen.push(Object.values(subject.masks).reduce((sum, mask) => sum + mask.reduce((a, b) => a + b, 0), 0));
      return absolute(subject);
    },
  });
  const { state } = await prune(watching, { sparsity: 0.5, via: [0.25, 1 / 3] });
  // 42 weights: 42 - round(42 / 4) = 31 or 32 (10.5 rounds up), then 28, then 21.
  t.deepEqual(seen, [0, 31, 28]);
  t.deepEqual(state.masks, (await prune(magnitude, { sparsity: 0.5 })).state.masks);
});

test('via with regrowth: every round may bring back what this step removed, but nothing from before it', async (t) => {
  const before = (await prune(magnitude, { sparsity: 0.25 })).state;
  const subjects: { masks: Masks; parameters: ParameterRecord }[] = [];
  const fickle = criterionOf({
    regrows: true,
    score(subject) {
      subjects.push(subject);
      const sign = subjects.length === 1 ? -1 : 1;
      return scoresOf(subject.network, (name) => absolute(subject)[name].map((score) => sign * score));
    },
  });
  const { state } = await prune(fickle, { sparsity: 0.5, via: [0.4] }, { state: before });
  // The first round took the largest weights; the second saw that, and took the smallest of those before the step.
  t.deepEqual(kept(state), kept((await prune(magnitude, { sparsity: 0.5 }, { state: before })).state));
  t.deepEqual(state.masks, (await prune(magnitude, { sparsity: 0.5 }, { state: before })).state.masks);
  t.is(subjects[1].parameters, before.parameters);
  t.notDeepEqual(subjects[1].masks, before.masks);
  t.true(Object.entries(before.masks).every(([name, mask]) => mask.every((bit, i) => bit >= state.masks[name][i])));
});

test('shuffle: the same counts per layer, other weights; the survivors keep their values', async (t) => {
  const honest = (await prune(magnitude, { sparsity: 0.6 })).state;
  const { state } = await prune(magnitude, { sparsity: 0.6, shuffle: true });
  t.deepEqual(kept(state), kept(honest));
  t.notDeepEqual(state.masks, honest.masks);
  for (const [name, mask] of Object.entries(state.masks))
    t.true(
      state.parameters[name].values.every((value, i) => value === (mask[i] ? start.parameters[name].values[i] : 0)),
    );
  t.deepEqual((await prune(magnitude, { sparsity: 0.6, shuffle: true })).state.masks, state.masks);
  t.notDeepEqual((await prune(magnitude, { sparsity: 0.6, shuffle: true }, { seed: 2 })).state.masks, state.masks);
});

test('shuffled units: as many of each layer, whole', async (t) => {
  const cnn = convNet();
  const images = toyDataset({ inputShape: [8, 8, 2], classes: 3 });
  const norms = criterionOf({
    granularity: ['unit'],
    score: ({ network: scored, parameters }) =>
      Object.fromEntries(
        ['conv1', 'conv2', 'fc1'].map((layer) => {
          const { shape, values } = parameters[`${layer}/kernel`];
          const sums = new Float32Array(shape.at(-1)!);
          values.forEach((value, i) => {
            sums[i % sums.length] += Math.abs(value);
          });
          return [`${scored.layers.find(({ name }) => name === layer)!.name}/kernel`, sums];
        }),
      ),
  });
  const state: State = { parameters: randomParameters(cnn, 2), masks: {} };
  const session = sessionOf({ network: cnn, dataset: images, criteria: [norms] });
  const options = { criterion: norms.id, sparsity: 0.4, granularity: 'unit' };
  const { state: honest, metrics } = await runStep(session, state, 'prune', options);
  const { state: mixed, metrics: shuffled } = await runStep(session, state, 'prune', { ...options, shuffle: true });
  t.deepEqual(shuffled.layers, metrics.layers);
  t.notDeepEqual(mixed.masks, honest.masks);
});

test('a threshold rule decides itself, and its sparsity is measured', async (t) => {
  const rule = criterionOf({
    score: absolute,
    threshold: (scores) =>
      Object.fromEntries(
        Object.entries(scores).map(([name, values]) => [
          name,
          Uint8Array.from(values, (score) => (score > 0.3 ? 1 : 0)),
        ]),
      ),
  });
  const { state, metrics } = await prune(rule, { sparsity: 0 });
  const all = ['fc1/kernel', 'fc2/kernel'].flatMap((name) => [...start.parameters[name].values]);
  const removed = all.filter((value) => Math.abs(value) <= 0.3).length;
  t.true(removed > 0 && removed < 42);
  t.deepEqual(metrics.sparsity, { requested: 0, achieved: removed / 42 });
  t.is(kept(state)['fc1/kernel'] + kept(state)['fc2/kernel'], 42 - removed);
});

test('compensation moves the survivors, and only them, for the masks that are really applied', async (t) => {
  const compensating = criterionOf({
    score: absolute,
    compensate: ({ parameters }, masks) => ({
      ...parameters,
      'fc1/kernel': {
        ...parameters['fc1/kernel'],
        values: parameters['fc1/kernel'].values.map(() => masks['fc1/kernel'].reduce((a, b) => a + b, 0)),
      },
    }),
  });
  for (const shuffle of [false, true]) {
    const { state } = await prune(compensating, { sparsity: 0.5, shuffle });
    const mask = state.masks['fc1/kernel'];
    t.deepEqual(
      [...state.parameters['fc1/kernel'].values],
      [...mask].map((bit) => bit * kept(state)['fc1/kernel']),
    );
  }
});

test('layer collapse is refused, or recorded where it is allowed', async (t) => {
  const unfair = criterionOf({
    score: ({ network: scored, parameters }) =>
      scoresOf(scored, (name) => parameters[name].values.map((_, i) => (name === 'fc1/kernel' ? -1 - i : i))),
  });
  await t.throwsAsync(prune(unfair, { sparsity: 0.6 }), { instanceOf: LayerCollapseError });
  const { metrics } = await prune(unfair, { sparsity: 0.6, allowLayerCollapse: true });
  t.deepEqual(metrics.collapsedLayers, ['fc1/kernel']);
  const all = criterionOf({
    score: absolute,
    threshold: (scores) =>
      Object.fromEntries(
        Object.entries(scores).map(([name, values]) => [
          name,
          new Uint8Array(values.length).fill(name === 'fc1/kernel' ? 0 : 1),
        ]),
      ),
  });
  await t.throwsAsync(prune(all, { sparsity: 0 }), { instanceOf: LayerCollapseError });
});

test('calibration batches: the same for every step and criterion of a seed, without repetition within a pass', async (t) => {
  const seen: Batch[][] = [];
  const reading = criterionOf({
    score(subject: Subject) {
      seen.push([...subject.batches({ batchSize: 4, count: 4 })]);
      t.deepEqual(
        [...subject.batches({ batchSize: 4 })].map(({ size }) => size),
        [4, 4, 2],
      );
      return absolute(subject);
    },
  });
  await prune(reading, { sparsity: 0.5 });
  await prune({ ...reading, id: 'other' }, { sparsity: 0.5 }, { position: 3 });
  await prune(reading, { sparsity: 0.5 }, { seed: 9 });
  t.deepEqual(seen[1], seen[0]);
  t.notDeepEqual(seen[2], seen[0]);
  t.deepEqual(
    seen[0].map(({ size }) => size),
    [4, 4, 2, 4],
  );
  const firstPass = seen[0]
    .slice(0, 3)
    .flatMap(({ x, size }) => Array.from({ length: size }, (_, i) => String(x.subarray(i * 4, i * 4 + 4))));
  t.is(new Set(firstPass).size, 10);
});

test("the criterion's stream depends on step, seed and criterion", async (t) => {
  const draws: number[] = [];
  const drawing = criterionOf({
    score(subject) {
      draws.push(subject.random.uniform());
      return absolute(subject);
    },
  });
  await prune(drawing, { sparsity: 0.5 });
  await prune(drawing, { sparsity: 0.5 });
  await prune(drawing, { sparsity: 0.5 }, { position: 1 });
  await prune(drawing, { sparsity: 0.5 }, { seed: 2 });
  await prune({ ...drawing, id: 'other' }, { sparsity: 0.5 });
  t.is(draws[1], draws[0]);
  t.is(new Set(draws).size, 4);
});

const broken: [what: string, parts: Parameters<typeof criterionOf>[0], message: RegExp][] = [
  [
    'NaN',
    { score: (s) => ({ ...absolute(s), 'fc2/kernel': new Float32Array(18).fill(Number.NaN, 3) }) },
    /NaN for fc2\/kernel, flat index 3/,
  ],
  [
    'Infinity',
    { score: (s) => ({ ...absolute(s), 'fc1/kernel': new Float32Array(24).fill(Number.POSITIVE_INFINITY) }) },
    /Infinity for fc1\/kernel, flat index 0/,
  ],
  [
    'a wrong shape',
    { score: (s) => ({ ...absolute(s), 'fc2/kernel': new Float32Array(3) }) },
    /3 scores for fc2\/kernel, which has 18/,
  ],
  ['a missing layer', { score: (s) => ({ 'fc1/kernel': absolute(s)['fc1/kernel'] }) }, /no scores for fc2\/kernel/],
  [
    'a layer too many',
    { score: (s) => ({ ...absolute(s), 'fc1/bias': new Float32Array(6) }) },
    /fc1\/bias, which is not prunable/,
  ],
  [
    'masks of a wrong size',
    { score: absolute, threshold: () => ({ 'fc1/kernel': new Uint8Array(2) }) },
    /mask of fc1\/kernel has 2 entries, but fc1\/kernel has 24/,
  ],
  [
    'masks that are no masks',
    { score: absolute, threshold: () => ({ 'fc1/kernel': new Uint8Array(24).fill(2) }) },
    /mask of fc1\/kernel holds 2/,
  ],
  [
    'a compensation with NaN',
    {
      score: absolute,
      compensate: ({ parameters }) => ({
        ...parameters,
        'fc1/bias': { shape: [6], values: new Float32Array(6).fill(Number.NaN) },
      }),
    },
    /fc1\/bias with NaN/,
  ],
  [
    'a compensation that loses a parameter',
    { score: absolute, compensate: ({ parameters }) => ({ 'fc1/kernel': parameters['fc1/kernel'] }) },
    /fc1\/bias back/,
  ],
];

for (const [what, parts, message] of broken) {
  test(`a criterion that gives ${what} is named with the layer`, async (t) => {
    const error = await t.throwsAsync(prune(criterionOf(parts), { sparsity: 0.5 }), {
      instanceOf: PrunebenchError,
      message,
    });
    t.true(error.message.startsWith('Criterion toy-criterion '));
    t.truthy(error.remedy);
  });
}

test('a threshold rule that revives what was pruned is refused', async (t) => {
  const reviving = criterionOf({
    score: absolute,
    threshold: (scores) =>
      Object.fromEntries(Object.entries(scores).map(([name, values]) => [name, new Uint8Array(values.length).fill(1)])),
  });
  const { state } = await prune(magnitude, { sparsity: 0.5 });
  await t.throwsAsync(prune(reviving, { sparsity: 0.5 }, { state }), {
    instanceOf: PrunebenchError,
    message: /brings pruned weights of fc1\/kernel back/,
  });
});

test('unknown criteria, wrong options and granularities that it does not score are refused', async (t) => {
  const fails = (options: Record<string, unknown>, message: RegExp) =>
    t.throwsAsync(prune(magnitude, { sparsity: 0.5, ...options }), { instanceOf: PrunebenchError, message });
  await fails({ criterion: 'magic' }, /no criterion called magic/);
  await fails({ criterionOptions: { power: 'high' } }, /toy-criterion, option power/);
  await fails({ criterionOptions: { colour: 1 } }, /toy-criterion, options: .*colour/);
  await fails({ granularity: 'unit' }, /does not score units/);
});

test('kernels that are left out lose nothing, also where a rule decides the masks itself', async (t) => {
  const { state } = await prune(magnitude, { sparsity: 0.3, exclude: ['fc2/kernel'] });
  // 42 weights: 13 go, all of them from the first kernel's 24.
  t.deepEqual(kept(state), { 'fc1/kernel': 11, 'fc2/kernel': 18 });
  const half = criterionOf({
    score: absolute,
    threshold: (scores) =>
      Object.fromEntries(
        Object.entries(scores).map(([name, values]) => [name, Uint8Array.from(values, (_, i) => i % 2)]),
      ),
  });
  const ruled = await prune(half, { sparsity: 0, exclude: ['fc2/kernel'] });
  t.deepEqual(kept(ruled.state), { 'fc1/kernel': 12, 'fc2/kernel': 18 });
});

test('a share of the multiply-adds: in a chain of dense layers, each weight is one', async (t) => {
  const { state, metrics } = await prune(magnitude, { sparsity: 0.5, of: 'multiply-adds' });
  const weights = await prune(magnitude, { sparsity: 0.5 });
  t.deepEqual(kept(state), kept(weights.state));
  t.deepEqual(metrics.sparsity, { achieved: 0.5 }, 'no sparsity was asked for');
});
