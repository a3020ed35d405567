/** A latency as the target: the search against brute force, and the trials that are declared at what it finds. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PrunebenchError, type TrialDeclaration } from '@prunebench/core';
import test from 'ava';
import { keepFound, readFound } from '../src/latency/found.ts';
import {
  atFound,
  describeFound,
  type LatencyMeter,
  pendingSearches,
  searchAll,
} from '../src/latency/latency-target.ts';
import { Probe } from '../src/latency/probe.ts';
import { MOST_MEASURED, SEARCHED, searchSparsity } from '../src/latency/search.ts';
import { declareTrials } from '../src/plan/plan.ts';
import { askOwnQuestion } from '../src/question/own-question.ts';
import { loadRegistry } from '../src/registry.ts';
import { openResults } from '../src/results/results-folder.ts';
import { TINY } from './fixtures/cli.ts';

const registry = await loadRegistry([TINY]);
const asked = await askOwnQuestion(
  {
    dataset: 'blobs',
    network: 'tiny-mlp',
    criteria: ['magnitude', 'random'],
    methods: [],
    points: [{ sparsity: 0.9 }],
    seeds: 2,
    scale: 'smoke',
    like: 'tiny',
    options: {},
    set: [],
  },
  registry,
);

/** Shares that fall with the sparsity, of networks whose layers collapse from `most` on. */
const curves: Readonly<Record<string, (sparsity: number) => number | null>> = {
  line: (sparsity) => 1 - sparsity,
  floor: (sparsity) => Math.max(0.2, 1.1 - 1.2 * sparsity),
  steps: (sparsity) => 1 - Math.floor(sparsity * 8) / 8,
  'dense until the kernels pay': (sparsity) => (sparsity < 0.6 ? 1 : 0.9 - 0.8 * (sparsity - 0.6)),
  collapse: (sparsity) => (sparsity > 0.93 ? null : 1 - 0.9 * sparsity),
};

test('the search finds what trying all sparsities finds, and measures few', async (t) => {
  for (const [name, curve] of Object.entries(curves))
    for (let percent = 1; percent <= 100; percent++) {
      const share = percent / 100;
      const first = SEARCHED.find((sparsity) => (curve(sparsity) ?? Number.POSITIVE_INFINITY) <= share);
      let asked = 0;
      const search = await searchSparsity(share, async (sparsity) => {
        asked++;
        return curve(sparsity);
      });
      t.is(search.found ? search.sparsity : undefined, first, `${name}, ${share}`);
      t.true(asked <= MOST_MEASURED, name);
      if (search.found) t.is(curve(search.sparsity), search.share);
      else t.is(search.fastest?.share, Math.min(...SEARCHED.flatMap((each) => curve(each) ?? [])), `${name}, ${share}`);
    }
});

test('times that scatter give a sparsity that was fast enough, beside one that was not', async (t) => {
  for (let seed = 0; seed < 200; seed++) {
    const measured = new Map<number, number>();
    const search = await searchSparsity(0.5, async (sparsity) => {
      const value = 1 - sparsity + 0.3 * Math.sin(seed * 1000 + sparsity * 7919);
      measured.set(sparsity, value);
      return value;
    });
    if (!search.found) continue;
    t.true(measured.get(search.sparsity)! <= 0.5);
    const below = SEARCHED[SEARCHED.indexOf(search.sparsity) - 1];
    t.true((measured.get(below) ?? 0) > 0.5, `seed ${seed}`);
  }
});

test('nothing that can be pruned is said without a fastest', async (t) => {
  t.deepEqual(await searchSparsity(0.5, async () => null), { found: false, fastest: undefined });
});

/** A clock that reads masks: the share of the weights that are left, and 0.1 for what is always to be done. */
const meter: LatencyMeter = {
  cpu: 'a fake',
  threads: 1,
  share: async ({ state }) => {
    const masks = Object.entries(state.masks).flatMap(([name, mask]) => (name.endsWith('kernel') ? [...mask] : []));
    return 0.1 + (0.9 * masks.reduce((sum, kept) => sum + kept, 0)) / masks.length;
  },
};

test.serial('ordinary trials are declared at the sparsities that are found, and found again', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'latency-'));
  t.teardown(() => rm(root, { recursive: true }));
  const folder = await openResults(root);
  const lines: string[] = [];
  const display = { line: (text: string) => void lines.push(text), start() {}, stop() {} };
  const signal = new AbortController().signal;
  const probe = new Probe({ registry, folder, backend: 'cpu', plugins: [TINY], seed: 0, display, signal });
  t.teardown(() => probe.close());
  const place = { registry, folder, scale: 'smoke', meter, display } as const;
  const target = { shares: [0.6, 0.4], batchSize: 32, seed: 0 };
  const first = await pendingSearches(asked, target, place, false);
  t.is(first.open.length, 4);
  const found = await searchAll(asked, first, probe, place);
  // 240 weights, of which each sparsity of the search leaves a whole number, to the nearest.
  const left = (sparsity: number) => 0.1 + (0.9 * (240 - Math.round(240 * sparsity))) / 240;
  const expected = [0.6, 0.4].map((share) => SEARCHED.find((sparsity) => left(sparsity) <= share)!);
  t.deepEqual(
    found?.map(({ series, sparsity }) => [series, sparsity]),
    ['magnitude', 'random'].flatMap((series) => expected.map((sparsity) => [series, sparsity])),
  );
  t.regex(lines.join('\n'), /magnitude: sparsity 0\.\d+, found for latency 0\.6 at batch 32 on a fake, 1 thread/);

  const timed = atFound(asked, found!, 'smoke');
  const sparsities = declareTrials(timed.benchmark.trials('smoke'), 2, registry).map(({ spec }) => spec.sparsity);
  const each = [0, ...expected, ...expected];
  t.deepEqual(sparsities, [...each, ...each], 'with the dense network, at both seeds');
  t.is(timed.benchmark.id, asked.benchmark.id);

  const again = await pendingSearches(asked, target, place, false);
  t.is(again.open.length, 0);
  t.deepEqual(again.known, found);
  t.is((await pendingSearches(asked, target, place, true)).open.length, 4, 'unless it is asked for');
  t.is((await pendingSearches(asked, { ...target, batchSize: 1 }, place, false)).open.length, 4, 'another batch');
  const other = { ...place, meter: { ...meter, cpu: 'another' } };
  t.is((await pendingSearches(asked, target, other, false)).open.length, 4, 'another machine');
});

test.serial('a latency that no sparsity reaches is an error that says how fast it gets', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'latency-'));
  t.teardown(() => rm(root, { recursive: true }));
  const folder = await openResults(root);
  const display = { line() {}, start() {}, stop() {} };
  const place = { registry, folder, scale: 'smoke', meter, display } as const;
  const target = { shares: [0.05], batchSize: 1, seed: 0 };
  const searches = await pendingSearches(asked, target, place, false);
  const state = (kept: number) => ({ parameters: {}, masks: { 'fc1/kernel': new Uint8Array(100).fill(1, 0, kept) } });
  const network = registry.network('tiny-mlp').build(registry.datasets.get('blobs')!.shape);
  const probe = {
    prune: async ({ at }: TrialDeclaration) => {
      const sparsity = at && 'sparsity' in at ? at.sparsity : 0;
      return sparsity > 0.96
        ? { reason: 'fc2/kernel lost all weights' }
        : { network, state: state(100 - 100 * sparsity) };
    },
  };
  const error = await t.throwsAsync<PrunebenchError>(searchAll(asked, searches, probe, place), {
    instanceOf: PrunebenchError,
  });
  t.regex(error!.message, /No sparsity brings magnitude to 0\.05 of the dense latency at batch 1 on a fake/);
  t.regex(
    error!.message,
    /the fastest takes 0\.1\d+ of it, at sparsity 0\.96; where more is removed: fc2\/kernel lost/,
  );
  t.regex(error?.remedy ?? '', /larger share/);
  t.deepEqual(await readFound(folder, asked.benchmark.id), []);
});

test('what was found is replaced by what is found for the same, and damage is no answer', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'latency-'));
  t.teardown(() => rm(root, { recursive: true }));
  const folder = await openResults(root);
  const found = {
    ...{ series: 'magnitude', latency: 0.5, measured: 0.48, sparsity: 0.87, batchSize: 128 },
    ...{ seed: 0, cpu: 'a fake', threads: 2, trial: 'x' },
  };
  await keepFound(folder, 'table', found);
  await keepFound(folder, 'table', { ...found, latency: 0.25, sparsity: 0.95 });
  await keepFound(folder, 'table', { ...found, sparsity: 0.88 });
  t.deepEqual(
    (await readFound(folder, 'table')).map(({ sparsity }) => sparsity),
    [0.95, 0.88],
  );
  t.is(
    describeFound(found),
    'magnitude: sparsity 0.87, found for latency 0.5 at batch 128 on a fake, 2 threads (0.48 measured, seed 0).',
  );
});
