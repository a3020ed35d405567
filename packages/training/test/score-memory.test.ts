import type { Criterion, Scores, State, Subject } from '@prunebench/core';
import { mlp, randomParameters } from '@prunebench/testing';
import { toyDataset } from '@prunebench/testing/toy-dataset';
import test from 'ava';
import { ScoreMemory } from '../src/index.ts';
import { absolute, criterionOf } from './support/criteria.ts';
import { runStep, sessionOf } from './support/session.ts';

const network = mlp([4, 6, 3]);
const dataset = toyDataset({ inputShape: [4], classes: 3, sizes: { calibration: 10 } });
const start: State = { parameters: randomParameters(network, 1), masks: {} };

/** A criterion that counts how often it is asked. */
function counting(): { criterion: Criterion; calls: () => number } {
  let calls = 0;
  const criterion = criterionOf({
    score(subject: Subject): Scores {
      calls++;
      return absolute(subject);
    },
  });
  return { criterion, calls: () => calls };
}

function prune(
  criterion: Criterion,
  options: Record<string, unknown>,
  { memory = new ScoreMemory(), state = 'initial', seed = 1, position = 0 } = {},
) {
  const shared = { memory, start: state };
  const session = sessionOf({ network, dataset, criteria: [criterion], seed, position, shared });
  return runStep(session, start, 'prune', { criterion: criterion.id, ...options });
}

test('two sparsities of one state are selected from the same scores, computed once', async (t) => {
  const { criterion, calls } = counting();
  const memory = new ScoreMemory();
  const first = await prune(criterion, { sparsity: 0.5 }, { memory });
  const second = await prune(criterion, { sparsity: 0.75 }, { memory });
  t.is(calls(), 1);
  const alone = counting();
  t.deepEqual(first.state, (await prune(alone.criterion, { sparsity: 0.5 })).state);
  t.deepEqual(second.state, (await prune(alone.criterion, { sparsity: 0.75 })).state);
  t.is(alone.calls(), 2);
});

for (const [what, change] of [
  ['another state', { state: 'trained' }],
  ['another seed', { seed: 2 }],
  ['another position in the trial', { position: 1 }],
] as const)
  test(`${what} is scored anew`, async (t) => {
    const { criterion, calls } = counting();
    const memory = new ScoreMemory();
    await prune(criterion, { sparsity: 0.5 }, { memory });
    await prune(criterion, { sparsity: 0.5 }, { memory, ...change });
    t.is(calls(), 2);
  });

test('other options of the criterion are scored anew', async (t) => {
  const { criterion, calls } = counting();
  const memory = new ScoreMemory();
  await prune(criterion, { sparsity: 0.5 }, { memory });
  await prune(criterion, { sparsity: 0.5, criterionOptions: { power: 2 } }, { memory });
  t.is(calls(), 2);
});

test('only the first round of a step is shared: later ones score what is left', async (t) => {
  const { criterion, calls } = counting();
  const memory = new ScoreMemory();
  await prune(criterion, { sparsity: 0.75, via: [0.25, 0.5] }, { memory });
  await prune(criterion, { sparsity: 0.8, via: [0.4, 0.6] }, { memory });
  t.is(calls(), 5);
});

test('shared scores are charged to every method that uses them', async (t) => {
  const slow = criterionOf({
    async score(subject) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      return absolute(subject);
    },
  });
  const memory = new ScoreMemory();
  for (const sparsity of [0.5, 0.75]) {
    const { metrics } = await prune(slow, { sparsity }, { memory });
    t.true((metrics.scoreSeconds as number) >= 0.049);
  }
});

test('what is kept does not grow with the trials, and serves a table of many criteria', async (t) => {
  const memory = new ScoreMemory();
  let computed = 0;
  const ask = (identity: unknown) =>
    memory.recall(identity, () => {
      computed++;
      return { kernel: new Float32Array(1000) };
    });
  const criteria = Array.from({ length: 20 }, (_, i) => `criterion ${i}`);
  for (let seed = 0; seed < 50; seed++)
    for (const _sparsity of [0.5, 0.9, 0.99]) for (const criterion of criteria) await ask({ seed, criterion });
  t.is(computed, 50 * criteria.length, 'computed once for all sparsities');
  t.true(memory.size <= 24, `${memory.size}`);
});

test('scores larger than the memory are computed anew; a failed computation leaves nothing behind', async (t) => {
  const small = new ScoreMemory(10);
  const scores = { kernel: Float32Array.of(1, 2, 3) };
  let calls = 0;
  const compute = () => {
    calls++;
    return scores;
  };
  await small.recall('a', compute);
  await small.recall('a', compute);
  t.is(calls, 2);
  const memory = new ScoreMemory();
  await t.throwsAsync(
    memory.recall('b', () => Promise.reject(new Error('no batch'))),
    { message: 'no batch' },
  );
  t.deepEqual(await memory.recall('b', compute), { scores, savedSeconds: 0 });
});
