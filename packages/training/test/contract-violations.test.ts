/** What the check for authors of criteria says of criteria that change their subject. */
import { type Criterion, prunableSpecs, sizeOf } from '@prunebench/core';
import { contractViolations, mlp } from '@prunebench/testing';
import test from 'ava';
import { z } from 'zod';
import { absolute, criterionOf } from './support/criteria.ts';

const violations = (parts: Partial<Criterion>) =>
  contractViolations(criterionOf({ score: absolute, options: z.strictObject({}), ...parts }), mlp([4, 6, 3]));

test('a criterion that changes nothing keeps the contract', async (t) => {
  t.deepEqual(
    await violations({
      compensate: ({ parameters }) => parameters,
      threshold: (_, { network }) =>
        Object.fromEntries(prunableSpecs(network).map(({ name, shape }) => [name, new Uint8Array(sizeOf(shape))])),
    }),
    [],
  );
});

test('what it changes is named, and when', async (t) => {
  const cases: readonly [Partial<Criterion>, string][] = [
    [
      {
        score(s) {
          const scores = absolute(s);
          s.parameters['fc2/kernel'].values.sort();
          return scores;
        },
      },
      'changes parameter fc2/kernel of its subject when it scores',
    ],
    [
      {
        threshold(_, s) {
          s.parameters['fc1/bias'].values.fill(7);
          return s.masks;
        },
      },
      'changes parameter fc1/bias of its subject when it cuts off',
    ],
    [
      {
        compensate(s, masks) {
          Object.assign(s.masks, masks);
          return s.parameters;
        },
      },
      'changes the mask of fc1/kernel of its subject when it compensates',
    ],
  ];
  for (const [parts, sentence] of cases) {
    const found = await violations(parts);
    t.true(found.includes(sentence), found.join('; '));
  }
});
