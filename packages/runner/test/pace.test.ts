import { costOf, type Step, type TrialRecord, trainOptions } from '@prunebench/core';
import test from 'ava';
import type { Stage } from '../src/plan/plan.ts';
import { paceOf } from '../src/preview/pace.ts';
import { loadRegistry } from '../src/registry.ts';

const registry = await loadRegistry();
const training = trainOptions.parse({ epochs: 2, learningRate: 0.1 });
const place = { dataset: 'mnist', network: 'lenet-300-100' };
const { multiplyAdds } = costOf(registry.network(place.network).build(registry.datasets.get(place.dataset)!.shape));

/** A trial whose two trainings of 2 epochs took 10 and 30 seconds on `threads` threads, and whose pruning took one. */
function record(cpu: string, threads: number, backend = 'native'): TrialRecord {
  const spec = {
    ...place,
    method: 'magnitude',
    options: {},
    sparsity: 0.9,
    pretrain: training,
    retrain: training,
    seed: 0,
  };
  const stages = [
    { key: 'a', kind: 'train', seconds: 10 },
    { key: 'b', kind: 'prune', seconds: 1 },
    { key: 'c', kind: 'train', seconds: 30 },
  ];
  // The rest of a record says nothing of its pace.
  return { spec, run: { backend, threads, host: { cpu }, stages } } as unknown as TrialRecord;
}

function stage(step: Step, of = place): Stage {
  return { key: 'x', parent: null, ...of, seed: 0, steps: [step], ancestors: [], evaluate: false };
}
const train: Step = { kind: 'train', options: training };

test('seconds follow from work, and threads share them', (t) => {
  const work = 6 * multiplyAdds.dense;
  // 40 seconds for 4 epochs, so 60 for 6.
  t.is(Math.round(paceOf([record('one', 1)], registry, 'native', 'one').secondsOf(stage(train), work)!), 60);
  t.is(Math.round(paceOf([record('one', 2)], registry, 'native', 'one').secondsOf(stage(train), work)!), 120);
  const elsewhere = stage(train, { ...place, network: 'lenet-5' });
  t.is(Math.round(paceOf([record('one', 1)], registry, 'native', 'one').secondsOf(elsewhere, work)!), 60);
});

test('records of this processor come before others, and those of another backend do not count', (t) => {
  const mixed = [record('one', 1), record('two', 4)];
  t.deepEqual(paceOf(mixed, registry, 'native', 'one').processors, ['one']);
  t.deepEqual(paceOf(mixed, registry, 'native', 'three').processors, ['one', 'two']);
  t.is(paceOf([record('one', 1, 'cpu')], registry, 'native', 'one').secondsOf(stage(train), 1), undefined);
  t.is(
    paceOf([record('one', 1)], registry, 'native', 'one').secondsOf(stage({ kind: 'rewind', options: {} }), 1),
    undefined,
  );
});
