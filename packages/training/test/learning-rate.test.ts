import { trainOptions } from '@prunebench/core';
import test from 'ava';
import { learningRateAt } from '../src/index.ts';

function rates(options: Record<string, unknown>, steps: number): number[] {
  const parsed = trainOptions.parse({ epochs: 1, learningRate: 2, ...options });
  return Array.from({ length: steps }, (_, step) => learningRateAt(parsed, step, steps));
}

const close = (actual: number[], expected: number[]) =>
  actual.length === expected.length && actual.every((rate, i) => Math.abs(rate - expected[i]) < 1e-12);

test('constant', (t) => {
  t.deepEqual(rates({}, 3), [2, 2, 2]);
});

test('step: the rate falls by the factor at every boundary', (t) => {
  const schedule = { kind: 'step', boundaries: [0.5, 0.75], factor: 0.1 };
  t.true(close(rates({ schedule }, 8), [2, 2, 2, 2, 0.2, 0.2, 0.02, 0.02]));
});

test('cosine: the values of CosineAnnealingLR(T_max=8, eta_min=0.1) in PyTorch 1.13', (t) => {
  const expected = [
    1, 0.9657457896300791, 0.8681980515339464, 0.7222075445642905, 0.55, 0.3777924554357097, 0.2318019484660537,
    0.134254210369921,
  ];
  const schedule = { kind: 'cosine', finalFactor: 0.1 };
  t.true(close(rates({ schedule, learningRate: 1 }, 8), expected));
});

test('one-cycle: the values of OneCycleLR(max_lr=2, div_factor=25, final_div_factor=400) in PyTorch 1.13', (t) => {
  const schedule = { kind: 'one-cycle', peak: 0.3, startFactor: 0.04, finalFactor: 0.0001 };
  const ten = [
    0.08, 1.04, 2, 1.9009787710156287, 1.6235274528785477, 1.2225986818629186, 0.7776013181370813, 0.3766725471214524,
    0.09922122898437122, 0.0002,
  ];
  const seven = [
    0.08, 0.7433436854000506, 1.8166563145999495, 1.9009787710156287, 1.2225986818629186, 0.3766725471214524, 0.0002,
  ];
  t.true(close(rates({ schedule }, 10), ten));
  t.true(close(rates({ schedule: { ...schedule, peak: 0.5 } }, 7), seven));
});

test('one-cycle of up to four steps: PyTorch 1.13 too, also where the top comes before the first step', (t) => {
  const schedule = { kind: 'one-cycle', startFactor: 0.04, finalFactor: 0.0001 };
  const cases: [peak: number, rates: number[]][] = [
    [0.3, [0.0002]],
    [0.3, [1.6235274528785475, 0.0002]],
    [0.1, [1.1737308128491637, 0.0002]],
    [0.3, [1.9888319431425059, 0.9253773794229344, 0.0002]],
    [0.5, [0.08, 1.50005, 0.0002]],
    [0.1, [1.8660388012440603, 1.1737308128491637, 0.3573766690744293, 0.0002]],
    [0.5, [0.08, 2, 1.0001, 0.0002]],
  ];
  for (const [peak, expected] of cases)
    t.true(close(rates({ schedule: { ...schedule, peak } }, expected.length), expected));
});

test('one-cycle stays finite when there is hardly a step', (t) => {
  for (const steps of [1, 2, 3])
    for (const peak of [0.3, 0.5]) {
      const all = rates({ schedule: { kind: 'one-cycle', peak } }, steps);
      t.true(all.every((rate) => rate > 0 && rate <= 2));
    }
});

test('warm-up rises in equal parts from the first step and multiplies the schedule', (t) => {
  t.true(close(rates({ warmup: 0.4 }, 10), [0.5, 1, 1.5, 2, 2, 2, 2, 2, 2, 2]));
  const schedule = { kind: 'step', boundaries: [0.5], factor: 0.1 };
  t.true(close(rates({ warmup: 0.75, schedule }, 4), [2 / 3, 4 / 3, 0.2, 0.2]));
});
