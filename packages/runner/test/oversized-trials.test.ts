/** What needs more memory than it may take is refused when a run is planned, not after the training before it. */
import { PrunebenchError, scales, type TrialDeclaration } from '@prunebench/core';
import test from 'ava';
import { refuseOversizedTrials } from '../src/plan/oversized-trials.ts';
import { declareTrials } from '../src/plan/plan.ts';
import { loadRegistry } from '../src/registry.ts';

const registry = await loadRegistry();
const training = { epochs: 1, batchSize: 100, learningRate: 0.1 };

function planned(declared: Partial<TrialDeclaration>) {
  const cell = { dataset: 'mnist', network: 'lenet-300-100', series: 'S', pretrain: training, retrain: training };
  return declareTrials([{ ...cell, method: 'magnitude', sparsity: 0.5, ...declared } as TrialDeclaration], 1, registry);
}
const refusal = (declared: Partial<TrialDeclaration>) => () => refuseOversizedTrials(planned(declared), registry);

test('OBS on LeNet-300-100 is refused with series, network, size and remedy', (t) => {
  const error = t.throws(refusal({ method: 'obs' }), { instanceOf: PrunebenchError })!;
  // 266,610 weights and biases; three such matrices in double precision alone are 1589 GiB.
  const [, gib] = /^Series "S" \(lenet-300-100 on mnist, sparsity 0\.5\): obs would need ([\d.]+) GiB/.exec(
    error.message,
  )!;
  const matrices = (3 * 8 * (784 * 300 + 300 + 300 * 100 + 100 + 100 * 10 + 10) ** 2) / 2 ** 30;
  t.true(Number(gib) > matrices && Number(gib) < 1.1 * matrices, gib);
  t.regex(error.remedy!, /obs-block/);
});

test('an option that makes room is taken, and one that takes it away', (t) => {
  t.notThrows(refusal({ method: 'obs-block' }));
  t.throws(refusal({ method: 'obs-block', options: { criterion: { memoryLimit: 0.001 } } }), {
    message: /obs-block would need/,
  });
  for (const method of ['l-obs', 'obc', 'k-fac', 'woodfisher', 'obs-eigen', 'obs-stop-rule'])
    t.throws(refusal({ method, options: { criterion: { memoryLimit: 1e-6 } } }), {
      message: new RegExp(`${method === 'obs-stop-rule' ? 'obs' : method} would need`),
    });
});

test('no trial that a benchmark declares is refused', async (t) => {
  for (const entry of registry.benchmarks.values()) {
    const benchmark = await entry.load();
    for (const scale of scales)
      t.notThrows(() => refuseOversizedTrials(declareTrials(benchmark.trials(scale), 1, registry), registry), entry.id);
  }
});
