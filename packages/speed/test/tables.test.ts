/** Whole tables: processes in turns, what they took, whether accuracies fit, and the peer's pruning and learning rates against ours. */
import { spawnSync } from 'node:child_process';
import { defineNetwork, type Masks, PrunebenchError, randomStream, select, trainOptions } from '@prunebench/core';
import { dense, relu, sequential } from '@prunebench/core/layers';
import { learningRateAt } from '@prunebench/training';
import test from 'ava';
import { interpreter } from '../src/peer.ts';
import { processorSeconds } from '../src/tables/process-group.ts';
import { accuracyRow, isOtherWork, tableRow } from '../src/tables/table-rows.ts';
import { tableProgram } from '../src/tables/table-speed.ts';
import { inSlices } from '../src/tables/turns.ts';

const hasTorch = spawnSync(interpreter, ['-c', 'import torch']).status === 0;
const withTorch = hasTorch ? test : test.skip;

/** What the peer answers to questions, one after the other. */
function ask(...questions: readonly object[]): unknown[] {
  const input = questions.map((question) => `${JSON.stringify(question)}\n`).join('');
  const { stdout, stderr, status } = spawnSync(interpreter, [tableProgram, '--answer'], { input, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

withTorch("the peer's learning rates are ours, for every schedule", (t) => {
  const schedules = [
    { kind: 'constant' },
    { kind: 'step', boundaries: [0.45, 0.9] },
    { kind: 'linear', from: 0.25, finalFactor: 0.1 },
    { kind: 'cosine' },
    { kind: 'one-cycle' },
  ];
  const cases = schedules.flatMap((schedule) =>
    [0, 0.1].map((warmup) => trainOptions.parse({ epochs: 1, learningRate: 0.1, schedule, warmup })),
  );
  const total = 37;
  const answers = ask(...cases.map((options) => ({ ask: 'rates', options, total })));
  for (const [i, options] of cases.entries()) {
    const rates = answers[i];
    t.true(Array.isArray(rates) && rates.length === total);
    if (!Array.isArray(rates)) continue;
    for (const [step, rate] of rates.entries())
      t.true(Math.abs(rate - learningRateAt(options, step, total)) < 1e-12, `${options.schedule.kind}, step ${step}`);
  }
});

withTorch('the peer removes the weights that we remove, over all layers and in each', (t) => {
  const shapes = [
    [12, 9],
    [9, 5],
    [5, 3],
  ];
  const network = defineNetwork({
    name: 'small',
    inputShape: [12],
    layers: sequential([dense('fc1', 9), relu('relu1'), dense('fc2', 5), relu('relu2'), dense('fc3', 3)]),
  });
  const names = ['fc1/kernel', 'fc2/kernel', 'fc3/kernel'];
  const random = randomStream(3);
  const scores = shapes.map(([rows, columns]) =>
    Float64Array.from({ length: rows * columns }, () => Math.abs(random.normal(0, 1))),
  );
  const named = Object.fromEntries(names.map((name, l) => [name, scores[l]]));
  const ways = [
    { scope: 'global', allocation: 'uniform' },
    { scope: 'layerwise', allocation: 'uniform' },
    { scope: 'layerwise', allocation: 'erk' },
  ] as const;
  const questions = [];
  const expected = [];
  for (const way of ways) {
    // Twice, so that some have lost weights before.
    let masks: Masks = Object.fromEntries(names.map((name, l) => [name, new Uint8Array(scores[l].length).fill(1)]));
    for (const sparsity of [0.5, 0.8, 0.93]) {
      const options = { ...way, sparsity };
      questions.push({
        ask: 'select',
        shapes,
        scores: scores.map((layer) => [...layer]),
        masks: names.map((name) => [...masks[name]]),
        options,
      });
      masks = { ...select(network, named, { ...options, masks, allowLayerCollapse: true }) };
      expected.push(names.map((name) => [...masks[name]]));
    }
  }
  t.deepEqual(ask(...questions), expected);
});

test('commands take turns, and each is charged for its own time and for what its children compute', async (t) => {
  // A child of each computes for 0.1 s of the processor's time, six times.
  const compute = 'while (process.cpuUsage().user < 1e5);';
  const program = `for (let i = 0; i < 6; i++) require('node:child_process').execFileSync(process.execPath, ['-e', ${JSON.stringify(compute)}]);`;
  const command = (name: string) => ({ name, file: process.execPath, args: ['-e', program], environment: {} });
  const start = performance.now();
  const taken = await inSlices([command('a'), command('b')], 0.2);
  const elapsed = (performance.now() - start) / 1000;
  t.is(taken.length, 2);
  for (const each of taken) t.true(each.processorSeconds >= 0.59, `${each.processorSeconds}`);
  t.true(taken[0].wallSeconds + taken[1].wallSeconds <= elapsed, 'one at a time');
});

test('a command that fails is an error with its last words, and the others are ended', async (t) => {
  const failing = { name: 'wrong', file: process.execPath, args: ['-e', 'console.error("why"); process.exit(3)'] };
  const endless = { name: 'endless', file: process.execPath, args: ['-e', 'setInterval(() => {}, 1000)'] };
  const environment = {};
  const error = await t.throwsAsync(
    inSlices(
      [
        { ...endless, environment },
        { ...failing, environment },
      ],
      0.2,
    ),
    { instanceOf: PrunebenchError },
  );
  t.is(error!.message, 'wrong ended with 3: why');
});

test('processor time is that of all that a shell waited for', (t) => {
  t.is(processorSeconds('0m0.00s 0m0.00s\n1m2.50s 0m3.25s\n'), 65.75);
  t.is(processorSeconds('0m0.000000s 0m0.010000s\n0m0.500000s 0m0.250000s\n'), 0.75);
});

test('ratios are of the same round, and ours has none', (t) => {
  const about = { table: 'bench', trials: 2, seeds: 1, processes: 2, leftOut: '' };
  const run = (wallSeconds: number, processor: number, peakMiB: number) => ({
    wallSeconds,
    processorSeconds: processor,
    peakMiB,
  });
  const ours = [run(10, 18, 300), run(20, 19, 320), run(12, 18, 310)];
  const theirs = [run(30, 54, 900), run(50, 57, 800), run(48, 72, 1000)];
  const row = tableRow({ ...about, side: 'PyTorch, plain' }, theirs, ours);
  t.deepEqual([row.overOurs, row.overOursMin, row.overOursMax], [3, 2.5, 4]);
  t.deepEqual([row.processorOverOurs, row.processorOverOursMin, row.processorOverOursMax], [3, 3, 4]);
  t.deepEqual([row.wallSeconds, row.wallSecondsMin, row.wallSecondsMax, row.peakMiB], [48, 30, 50, 900]);
  t.is(row.ourMemory, 310 / 900);
  t.is(tableRow({ ...about, side: 'Prunebench' }, ours, ours).overOurs, null);
});

test('a series that differs by more than chance is other work; of a single trial nothing is said', (t) => {
  const about = { table: 'bench', series: 'random', side: 'PyTorch, plain' };
  const pairs = (...differences: readonly number[]) => differences.map((d) => ({ ours: 97, theirs: 97 + d }));
  t.false(isOtherWork(accuracyRow(about, pairs(0.1, -0.1, 0.2))));
  t.false(isOtherWork(accuracyRow(about, pairs(-8, 1, 2))), 'it scatters so');
  t.true(isOtherWork(accuracyRow(about, pairs(-2, -2.1, -1.9))));
  const one = accuracyRow(about, pairs(-30));
  t.is(one.standardError, null);
  t.false(isOtherWork(one));
});

if (!hasTorch) test('PyTorch is missing: the peer of tables is not compared here', (t) => t.pass());
