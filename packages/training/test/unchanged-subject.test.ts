/** A criterion that changes what it is shown is refused by name, whatever it changes and wherever. */
import { type Criterion, PrunebenchError, type State } from '@prunebench/core';
import { mlp, randomParameters } from '@prunebench/testing';
import { toyDataset } from '@prunebench/testing/toy-dataset';
import test from 'ava';
import { ScoreMemory } from '../src/index.ts';
import { checksum } from '../src/scoring/checksum.ts';
import { absolute, criterionOf } from './support/criteria.ts';
import { runStep, sessionOf } from './support/session.ts';

const dataset = toyDataset({ inputShape: [4], classes: 3, sizes: { calibration: 10 } });
const start = (): State => ({
  parameters: randomParameters(mlp([4, 6, 3]), 1),
  masks: { 'fc1/kernel': new Uint8Array(24).fill(1).fill(0, 3, 9) },
});

const prune = (parts: Partial<Criterion>, memory?: ScoreMemory) => {
  const network = mlp([4, 6, 3]);
  const criterion = criterionOf({ score: absolute, ...parts });
  const shared = memory && { shared: { memory, start: 'state' } };
  const session = sessionOf({ network, dataset, criteria: [criterion], ...shared });
  return runStep(session, start(), 'prune', { criterion: criterion.id, sparsity: 0.5 });
};

/** The value, once something else has been done. */
const after = <T>(_: unknown, value: T): T => value;
const keepAll: Criterion['threshold'] = (_, { masks }) => masks;

const faults: Readonly<Record<string, [Partial<Criterion>, RegExp]>> = {
  'sorts a kernel while it scores': [
    { score: (s) => after(s.parameters['fc2/kernel'].values.sort(), absolute(s)) },
    /toy-criterion changed parameter fc2\/kernel/,
  ],
  'changes one bias while it scores': [
    {
      async score(s) {
        s.parameters['fc1/bias'].values[5] += 1e-3;
        return absolute(s);
      },
    },
    /changed parameter fc1\/bias/,
  ],
  'clears a bit of a mask': [
    { score: (s) => after(s.masks['fc1/kernel'].fill(0, 0, 1), absolute(s)) },
    /changed the mask of fc1\/kernel/,
  ],
  'swaps two parameters': [
    {
      score(s) {
        Object.assign(s.parameters, { 'fc2/bias': { shape: [3], values: new Float32Array(3) } });
        return absolute(s);
      },
    },
    /changed parameter fc2\/bias/,
  ],
  'adds a mask': [
    { score: (s) => after(Object.assign(s.masks, { 'fc2/kernel': new Uint8Array(18) }), absolute(s)) },
    /changed the mask of fc2\/kernel/,
  ],
  'writes to the initial parameters': [
    { score: (s) => after(s.initialParameters['fc1/kernel'].values.fill(0), absolute(s)) },
    /changed the initial parameter fc1\/kernel/,
  ],
  'removes a layer of the network': [
    {
      score(s) {
        (s.network.layers as unknown[]).pop();
        return absolute(s);
      },
    },
    /changed the network/,
  ],
  'sorts a kernel in its threshold rule': [
    { threshold: (scores, s, o) => after(s.parameters['fc1/kernel'].values.sort(), keepAll(scores, s, o)) },
    /changed parameter fc1\/kernel/,
  ],
  'sorts the scores in its threshold rule': [
    { threshold: (scores, s, o) => after(scores['fc1/kernel'].sort(), keepAll(scores, s, o)) },
    /changed the score of fc1\/kernel/,
  ],
  'compensates in place': [
    {
      compensate(s) {
        s.parameters['fc1/kernel'].values.fill(1);
        return s.parameters;
      },
    },
    /changed parameter fc1\/kernel/,
  ],
  'changes the masks that it compensates for': [
    { compensate: (s, masks) => after(masks['fc2/kernel'].fill(1), s.parameters) },
    /changed the new mask of fc2\/kernel/,
  ],
};

for (const [what, [parts, message]] of Object.entries(faults))
  test.serial(`a criterion that ${what} is one clear error`, async (t) => {
    for (const memory of [undefined, new ScoreMemory()]) {
      const error = await t.throwsAsync(prune(parts, memory), { instanceOf: PrunebenchError, message });
      t.regex(error.remedy!, /slice/);
    }
  });

test('scores that a threshold rule has sorted are not what the next trial gets', async (t) => {
  const memory = new ScoreMemory();
  let sort = true;
  let seen: readonly number[] = [];
  const parts: Partial<Criterion> = {
    threshold(scores, { masks }) {
      seen = [...scores['fc1/kernel']];
      if (sort) scores['fc1/kernel'].sort();
      return masks;
    },
  };
  await t.throwsAsync(prune(parts, memory));
  sort = false;
  await prune(parts, memory);
  t.deepEqual(seen, [...start().parameters['fc1/kernel'].values.map(Math.abs)]);
});

test('a criterion may return, read and copy what it is shown', async (t) => {
  await t.notThrowsAsync(
    prune({
      score: ({ parameters, initialParameters }) => ({
        'fc1/kernel': parameters['fc1/kernel'].values.map((w, i) => w - initialParameters['fc1/kernel'].values[i]),
        'fc2/kernel': parameters['fc2/kernel'].values,
      }),
      compensate: ({ parameters }) => parameters,
    }),
  );
});

test('the checksum changes with every single value, with the order and with the length', (t) => {
  const values = Float32Array.from({ length: 23 }, (_, i) => i / 7);
  const sum = checksum(values);
  t.is(checksum(values.slice()), sum);
  for (let i = 0; i < values.length; i++) t.not(checksum(values.with(i, -values[i] - 1)), sum);
  for (let i = 1; i < values.length; i++) t.not(checksum(values.with(i, values[i - 1]).with(i - 1, values[i])), sum);
  t.not(checksum(values.subarray(1)), sum);
  t.not(checksum(Float32Array.of(0)), checksum(Float32Array.of(-0)));
  t.not(checksum(new Uint8Array(4)), checksum(new Uint8Array(5)));
});

test('bytes that lie anywhere in a buffer have the checksum of a copy', (t) => {
  const bytes = Uint8Array.from({ length: 40 }, (_, i) => (i * 37) % 251);
  for (let from = 0; from < 5; from++)
    for (let to = 30; to < 35; to++)
      t.is(checksum(bytes.subarray(from, to)), checksum(bytes.slice(from, to)), `${from} to ${to}`);
  t.is(new Set([0, 1, 2, 3].map((n) => checksum(bytes.subarray(n, n + 8)))).size, 4);
});
