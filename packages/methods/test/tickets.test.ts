import { applyMasks, maskedSparsity, PrunebenchError, prunableSpecs } from '@prunebench/core';
import magnitude from '@prunebench/criterion-magnitude';
import { mlp } from '@prunebench/testing';
import { toyDataset } from '@prunebench/testing/toy-dataset';
import test from 'ava';
import { lotteryTicket } from '../src/tickets/lottery-ticket.ts';
import { stepped } from './support/trained.ts';

const network = mlp([20, 30, 10, 3]);
const dataset = toyDataset({ inputShape: [20], classes: 3, sizes: { train: 100, validation: 20, test: 20 } });
const pretrain = { epochs: 4, batchSize: 20, learningRate: 0.05 } as never;
const sparsityOf = (rounds: number) => {
  const weights = prunableSpecs(network).map(({ shape }) => shape[0] * shape[1]);
  const left = weights.map((n, i) => n * (i === 2 ? 0.9 : 0.8) ** rounds);
  return 1 - left.reduce((sum, n) => sum + n, 0) / weights.reduce((sum, n) => sum + n, 0);
};
const run = (sparsity: number, options: Record<string, unknown> = {}) =>
  stepped(
    lotteryTicket,
    { network, at: { sparsity }, pretrain, retrain: null, options: lotteryTicket.options.parse(options) },
    { dataset, criteria: magnitude.criteria! },
  );

test('a ticket is the first weights under the mask, to the bit; masks are nested, layers lose their rates', async (t) => {
  const { states, kinds } = await run(sparsityOf(2), { rate: 0.2 });
  t.deepEqual(kinds, ['train', 'prune', 'rewind', 'train', 'prune', 'rewind', 'train']);
  const again = await run(0);
  t.deepEqual(again.kinds, ['train']);
  const first = states[2].masks;
  const second = states[5].masks;
  for (const [name, mask] of Object.entries(second))
    t.true(
      mask.every((bit, i) => bit <= first[name][i]),
      name,
    );
  // Layers of 600, 300 and 30 weights; the output layer loses half as much.
  const counts = Object.values(second).map((mask) => mask.reduce((sum, bit) => sum + bit, 0));
  t.true(
    [600 * 0.64, 300 * 0.64, 30 * 0.81].every((expected, i) => Math.abs(counts[i] - expected) <= 1),
    String(counts),
  );
  t.true(Math.abs(maskedSparsity(network, second) - sparsityOf(2)) < 1e-3);
  // Rewound once and twice to the same weights.
  t.deepEqual(applyMasks(states[2].parameters, second), states[5].parameters);
});

test('late rewinding: the weights left go back to the moment of the cut, and train on from there', async (t) => {
  const { states, kinds, metrics } = await run(sparsityOf(1), { rewind: 0.3 });
  t.deepEqual(kinds, ['train', 'train', 'prune', 'rewind', 'train']);
  const [cut, , pruned, rewound] = states;
  t.is(cut.cut!.step, 6);
  t.deepEqual(rewound.parameters, applyMasks(cut.parameters, pruned.masks));
  t.deepEqual(rewound.cut, cut.cut);
  t.deepEqual(
    metrics.map(({ trainedExamples }) => trainedExamples),
    [120, 280, undefined, undefined, 280],
  );
  // Nothing removed: the ticket's training is the first one's second half over again.
  const none = await run(0, { rewind: 0.3 });
  t.deepEqual(none.states.at(-1), states[1]);
});

test('controls: fresh weights under the last ticket, and one round to the target', async (t) => {
  const fresh = await run(sparsityOf(2), { control: 'reinitialize', rewind: 0.3 });
  t.deepEqual(fresh.kinds.slice(-3), ['prune', 'reinitialize', 'train']);
  const ticket = await run(sparsityOf(2), { rewind: 0.3 });
  t.deepEqual(fresh.states.at(-1)!.masks, ticket.states.at(-1)!.masks);
  t.is(fresh.metrics.at(-1)!.trainedExamples, 400);
  const once = await run(sparsityOf(2), { control: 'one-shot' });
  t.deepEqual(once.kinds, ['train', 'prune', 'rewind', 'train']);
});

test('it is trained with one training', (t) => {
  const plan = { network, at: { sparsity: 0.5 }, options: lotteryTicket.options.parse({}) };
  for (const budget of [
    { pretrain: null, retrain: null },
    { pretrain, retrain: pretrain },
  ])
    t.throws(() => lotteryTicket.steps({ ...plan, ...budget }), {
      instanceOf: PrunebenchError,
      message: /same training/,
    });
});
