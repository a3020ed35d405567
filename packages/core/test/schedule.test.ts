import test from 'ava';
import fc from 'fast-check';
import { PrunebenchError, type Schedule, sparsitySteps } from '../src/index.ts';

const schedules: Schedule[] = [
  { kind: 'one-shot' },
  { kind: 'iterative', rate: 0.2 },
  { kind: 'iterative', rate: 0.5 },
  { kind: 'cubic', rounds: 1 },
  { kind: 'cubic', rounds: 10 },
  { kind: 'exponential', rounds: 100 },
];

for (const schedule of schedules)
  test(`${JSON.stringify(schedule)} rises strictly to exactly the target`, (t) => {
    fc.assert(
      fc.property(
        fc.integer({ min: 10, max: 999 }).map((permille) => permille / 1000),
        (target) => {
          const steps = sparsitySteps(schedule, target);
          t.is(steps.at(-1), target);
          t.true(steps[0] > 0);
          t.true(steps.every((sparsity, k) => k === 0 || sparsity > steps[k - 1]));
        },
      ),
    );
    t.deepEqual(sparsitySteps(schedule, 0), [0]);
  });

test('hand-computed schedules', (t) => {
  const near = (found: readonly number[], expected: readonly number[]) => {
    t.is(found.length, expected.length);
    for (const [k, sparsity] of expected.entries()) t.true(Math.abs(found[k] - sparsity) < 1e-12);
  };
  near(sparsitySteps({ kind: 'iterative', rate: 0.5 }, 0.9), [0.5, 0.75, 0.875, 0.9]);
  near(sparsitySteps({ kind: 'iterative', rate: 0.5 }, 0.75), [0.5, 0.75]);
  near(sparsitySteps({ kind: 'iterative', rate: 0.2 }, 0.488), [0.2, 0.36, 0.488]);
  near(sparsitySteps({ kind: 'cubic', rounds: 2 }, 0.8), [0.7, 0.8]);
  near(sparsitySteps({ kind: 'cubic', rounds: 4 }, 0.64), [0.37, 0.56, 0.63, 0.64]);
  near(sparsitySteps({ kind: 'exponential', rounds: 3 }, 0.999), [0.9, 0.99, 0.999]);
});

test('iterative targets share their first rounds', (t) => {
  const long = sparsitySteps({ kind: 'iterative', rate: 0.3 }, 0.95);
  const short = sparsitySteps({ kind: 'iterative', rate: 0.3 }, 0.8);
  t.deepEqual(short.slice(0, -1), long.slice(0, short.length - 1));
});

test('a target outside [0, 1) is refused', (t) => {
  for (const target of [-0.1, 1, Number.NaN])
    t.throws(() => sparsitySteps({ kind: 'one-shot' }, target), { instanceOf: PrunebenchError });
});
