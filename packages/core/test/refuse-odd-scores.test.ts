import test from 'ava';
import { z } from 'zod';
import { type Criterion, defineCriterion, PrunebenchError, randomStream, type Subject, scored } from '../src/index.ts';

const network = {
  name: 'linear',
  inputShape: [2],
  layers: [{ kind: 'dense', name: 'fc', inputs: ['input'], units: 2, useBias: false }],
} as const;
const subject: Subject = {
  network,
  parameters: {},
  masks: {},
  initialParameters: {},
  batches: () => [],
  random: randomStream(0, 'mine'),
};

/** As a plugin in JavaScript writes it: nothing holds what it returns to a type. */
function returning(result: unknown): Criterion {
  return defineCriterion({
    ...{ id: 'mine', title: 'Mine', citation: 'lecun1990obd', taxonomy: 'baseline' },
    ...{ granularity: ['weight'], needs: ['nothing'], when: 'any', options: z.strictObject({}) },
    score: () => result as never,
  });
}

const wrong: readonly (readonly [unknown, string])[] = [
  [{ 'fc/kernel': [1, 2, 3, 4] }, 'Criterion mine returns a plain array as the scores of fc/kernel.'],
  [{ 'fc/kernel': undefined }, 'Criterion mine returns undefined as the scores of fc/kernel.'],
  [{ 'fc/kernel': new Int32Array(4) }, 'Criterion mine returns an object (Int32Array) as the scores of fc/kernel.'],
  [{ 'fc/kernel': 3 }, 'Criterion mine returns a number as the scores of fc/kernel.'],
  [
    { scores: { 'fc/kernel': [1] }, compensate: () => ({}) },
    'Criterion mine returns a plain array as the scores of fc/kernel.',
  ],
  [new Float32Array(4), 'Criterion mine returns an object (Float32Array) instead of scores by kernel name.'],
  [[new Float32Array(4)], 'Criterion mine returns a plain array instead of scores by kernel name.'],
  [undefined, 'Criterion mine returns undefined instead of scores by kernel name.'],
  [null, 'Criterion mine returns null instead of scores by kernel name.'],
];
for (const [i, [result, message]] of wrong.entries())
  test(`refused (${i}): ${message}`, async (t) => {
    const error = await t.throwsAsync(scored(returning(result), subject, {}), { instanceOf: PrunebenchError, message });
    t.regex(String(Reflect.get(error, 'remedy')), /Float32Array or Float64Array/);
  });

test('typed arrays of either precision pass, alone and with a compensation', async (t) => {
  const scores = { 'fc/kernel': new Float64Array(4) };
  t.is((await scored(returning(scores), subject, {})).scores, scores);
  const both = { scores, compensate: () => ({}) };
  t.is((await scored(returning(both), subject, {})).compensate, both.compensate);
});
