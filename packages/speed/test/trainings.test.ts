import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setThreads } from '@prunebench/backend-native';
import { selectBackend } from '@prunebench/backend-select';
import { PrunebenchError } from '@prunebench/core';
import { loadDataset } from '@prunebench/data';
import test from 'ava';
import { TRAINING_EXAMPLES } from '../src/method-extension.ts';
import { interpreter } from '../src/peer.ts';
import { Side } from '../src/side.ts';
import { keptOf } from '../src/trainings/beginning.ts';
import { MaskedTraining, sparseBeginning } from '../src/trainings/masked-training.ts';
import { compareMasked, measureMasked, rigl, set } from '../src/trainings/measure-masked.ts';
import { compareVariational, measureVariational } from '../src/trainings/measure-variational.ts';
import type { MaskedReport } from '../src/trainings/protocol.ts';
import { assertSameExchange, assertSameLosses } from '../src/trainings/same-work.ts';
import { type TrainingRow, trainingTable } from '../src/trainings/training-rows.ts';
import { COMPARED_STEPS, trainingsProgram } from '../src/trainings/trial.ts';
import {
  scattered,
  sentVariational,
  VariationalTraining,
  variationalBeginning,
} from '../src/trainings/variational-training.ts';
import { firstRow } from './first-row.ts';

const hasTorch = spawnSync(interpreter, ['-c', 'import torch']).status === 0;
const withTorch = hasTorch ? test.serial : test.serial.skip;

test.before(async () => {
  await selectBackend('native');
  setThreads(1);
});

/** PyTorch's side; `lazy` adds forms that do less than they should. */
async function withPeer(lazy: boolean, use: (peer: Side) => Promise<void>): Promise<void> {
  const program = lazy ? join(import.meta.dirname, 'lazy_peer.py') : trainingsProgram;
  const peer = await Side.start('PyTorch', interpreter, [program], 1);
  try {
    await use(peer);
  } finally {
    peer.stop();
  }
}

withTorch('both sides do the same work, in every form that the peer has', (t) =>
  withPeer(false, async (peer) => {
    t.is((await compareMasked(set, sparseBeginning(60), peer)).length, 4);
    t.is((await compareVariational(variationalBeginning(128), peer)).length, 4);
  }),
);

withTorch('a peer that does less in SET is refused', (t) =>
  withPeer(true, async (peer) => {
    const beginning = sparseBeginning(60);
    using training = new MaskedTraining(beginning, 'set', set.options);
    const ours = await training.report(COMPARED_STEPS);
    const lazy = (await peer.ask({ job: 'begin', start: set.sent!(beginning) })).forms.slice(4);
    t.is(lazy.length, 5);
    for (const form of lazy) {
      const theirs = await peer.ask({ job: 'check-set', form, steps: COMPARED_STEPS });
      t.throws(() => assertSameExchange(form, ours, theirs), { instanceOf: PrunebenchError }, form);
    }
  }),
);

withTorch('a peer that does less in sparse variational dropout is refused', (t) =>
  withPeer(true, async (peer) => {
    const beginning = scattered(variationalBeginning(128));
    using training = new VariationalTraining(beginning);
    const losses = Array.from({ length: COMPARED_STEPS }, () => training.step());
    const noise = training.noise(COMPARED_STEPS);
    const lazy = (await peer.ask({ job: 'begin', start: sentVariational(beginning) })).forms.slice(4);
    t.is(lazy.length, 5);
    for (const form of lazy) {
      const theirs = await peer.ask({ job: 'check-variational', form, noise });
      t.throws(() => assertSameLosses(form, losses, theirs.losses), { instanceOf: PrunebenchError }, form);
    }
  }),
);

test('reports that differ in anything are refused', (t) => {
  const report: MaskedReport = {
    losses: [2, 1.5],
    lossesAfter: [1.4, 1.3],
    kept: [9000, 900],
    left: [2500, 64],
    strays: 0,
    remembered: 0,
  };
  t.notThrows(() => assertSameExchange('set', report, { ...report, losses: [2.0001, 1.5], left: [2450, 70] }));
  const others: readonly Partial<MaskedReport>[] = [
    { losses: [2.001, 1.5] },
    { losses: [2] },
    { losses: [2, Number.NaN] },
    { lossesAfter: [1.4, 1.5] },
    { kept: [9000, 899] },
    { left: [2500, 0] },
    { left: [2100, 64] },
    { left: [2500] },
    { strays: 1 },
    { remembered: 3 },
  ];
  for (const other of others)
    t.throws(() => assertSameExchange('set', report, { ...report, ...other }), { instanceOf: PrunebenchError });
  t.throws(() => assertSameExchange('set', { ...report, strays: 2 }, report), { instanceOf: PrunebenchError });
  t.throws(() => assertSameLosses('vd', [1], [1.0002]), { message: /losses are 1 in ours and 1.0002 in PyTorch's/ });
});

test.serial('a sparse beginning has 5 % of the weights, and an event of ours moves them and forgets', async (t) => {
  const beginning = sparseBeginning(60);
  const kept = keptOf(beginning.network, beginning.state.masks);
  t.is(
    kept.reduce((sum, count) => sum + count),
    13_310,
  );
  using training = new MaskedTraining(beginning, 'set', set.options);
  t.deepEqual(training.sparseKernels, ['fc1/kernel', 'fc2/kernel']);
  const report = await training.report(2);
  t.deepEqual(report.kept, kept);
  t.true(report.left.every((left, l) => left > 0 && left <= 0.3 * kept[l]));
  t.is(report.strays, 0);
  t.is(report.remembered, 0);
});

test('an epoch has as many updates as the training split of MNIST has batches', async (t) => {
  const { splits } = await loadDataset('mnist');
  t.is(splits.train.size, TRAINING_EXAMPLES);
  t.deepEqual([60, 128].map(set.updatesPerEvent), [900, 422]);
});

test.serial(
  'without a peer, updates and events are measured, and put together as they follow each other',
  async (t) => {
    const trial = { peer: undefined, threads: 1, rounds: 1 };
    for (const [method, updates] of [
      [set, 422],
      [rigl, 99],
    ] as const) {
      const row = await measureMasked(method, 128, trial);
      const { updatesPerEvent, milliseconds, updateMilliseconds, eventMilliseconds, denseMilliseconds } = row;
      const expected = (updates * updateMilliseconds + eventMilliseconds!) / updatesPerEvent!;
      t.true(Math.abs(milliseconds - expected) < 1e-9);
      t.true(Math.abs(row.overDense! - denseMilliseconds! / milliseconds) < 1e-9);
      t.true(eventMilliseconds! > 0);
      t.is(row.peerForm, null);
    }
    const row = await measureVariational(128, trial);
    t.true(row.milliseconds > 0);
    t.is(row.overPeer, null);
  },
);

test('every number of the table stands under its heading, beside its aim', (t) => {
  const row: TrainingRow = {
    method: 'set',
    network: 'lenet-300-100',
    batchSize: 60,
    threads: 2,
    sparsity: 0.95,
    updatesPerEvent: 900,
    milliseconds: 0.5,
    updateMilliseconds: 0.4,
    eventMilliseconds: 12,
    eventMillisecondsMin: 10,
    eventMillisecondsMax: 14,
    denseMilliseconds: 1.5,
    overDense: 3,
    overDenseMin: 2,
    overDenseMax: 4,
    peerMilliseconds: 2.5,
    peerEventMilliseconds: 5,
    peerForm: 'masked after the update',
    overPeer: 5,
    overPeerMin: 1,
    overPeerMax: 6,
  };
  const table = trainingTable([row]);
  t.like(firstRow(table), {
    method: 'set',
    batch: '60',
    threads: '2',
    'ours, ms': '0.500',
    'event, ms': '12.0 (10.0-14.0), aim 30',
    'dense, ms': '1.500',
    'over our dense': '3.00 (2.00-4.00), aim 2.5',
    'PyTorch, ms': '2.500',
    'its form': 'masked after the update',
    'over PyTorch': 'withheld, aim 4',
  });
  t.regex(table, /1 of 3 ratios are withheld/);
});
