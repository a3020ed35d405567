import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { applyMasks, type Network } from '@prunebench/core';
import { convNet, mlp, randomParameters } from '@prunebench/testing';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { Baselines, type CompiledNetwork, measureSpeed } from '../src/index.ts';
import { bestTimes, interleavedTimes, LEAST_ROUNDS, quantile } from '../src/plan/time.ts';
import { type PairedTimes, steadyTimes } from '../src/speed/steady-ratios.ts';
import { randomMasks } from './support.ts';

let folder: string;
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'prunebench-sparse-'));
  process.env.PRUNEBENCH_CACHE = folder;
});
test.after.always(() => rm(folder, { recursive: true, force: true }));

function wait(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

/** A clock that stands still but for what is waited on it, so that no other work of the machine counts. For tests that never await. */
class Clock {
  readonly #real = performance.now;
  #time = this.#real.call(performance);

  constructor() {
    performance.now = () => this.#time;
  }

  pass(milliseconds: number): void {
    this.#time += milliseconds;
  }

  stop(): void {
    performance.now = this.#real;
  }
}

test('calls take turns until the rounds are over or the time is, but a few rounds are always made', (t) => {
  const order: string[] = [];
  const calls = ['a', 'b'].map((name) => () => {
    order.push(name);
    wait(8);
  });
  const times = interleavedTimes(calls, { rounds: 6, seconds: 60 });
  t.deepEqual(
    times.map(({ length }) => length),
    [6, 6],
  );
  t.true(times.flat().every((time) => time >= 8));
  // Two calls of each to see how long they take, then one of each in every round.
  t.is(order.join(''), `aabb${'ab'.repeat(6)}`);
  t.is(interleavedTimes(calls, { rounds: 100, seconds: 0.01 })[1].length, LEAST_ROUNDS);
  t.is(interleavedTimes(calls, { rounds: 3, seconds: 0.01 })[1].length, 3);
});

test.serial('calls are sampled in turns until the best samples of each agree, or the time is over', (t) => {
  const clock = new Clock();
  t.teardown(() => clock.stop());
  const order: string[] = [];
  let disturbance = 40;
  const disturbed = () => {
    order.push('a');
    clock.pass(2 + disturbance);
    disturbance = Math.max(0, disturbance - 5);
  };
  const even = () => {
    order.push('b');
    clock.pass(2);
  };
  const { milliseconds, settled } = bestTimes([disturbed, even], Number.POSITIVE_INFINITY);
  const [first, second] = milliseconds;
  t.true(settled);
  t.true(first >= 2 && first < 22);
  t.true(second >= 2 && second < 22);
  // Two calls of each to see how long they take, then in every turn one to warm up and one that is measured.
  t.regex(order.join(''), /^aabb(aabb){4,}$/);
  order.length = 0;
  bestTimes([even], 0);
  t.is(order.join(''), 'bb'.repeat(1 + 3));
  let growing = 1;
  const slowing = () => {
    growing *= 1.2;
    clock.pass(growing);
  };
  t.false(bestTimes([slowing], 0).settled, 'no two samples agree');
});

test('a measurement gives a ratio of the two times for each batch size, inside its quartiles and its range', async (t) => {
  const network = mlp([64, 48, 10]);
  const state = { parameters: randomParameters(network), masks: randomMasks(network, 0.05) };
  const kinds: (readonly [CompiledNetwork['kind'], CompiledNetwork['kind']])[] = [];
  const speeds = await measureSpeed(network, state, {
    batchSizes: [1, 32],
    rounds: 7,
    onCompiled: ({ kind }, baseline) => kinds.push([kind, baseline.kind]),
  });
  t.deepEqual(
    speeds.map(({ batchSize, rounds, kind }) => ({ batchSize, rounds, kind })),
    [1, 32].map((batchSize, i) => ({ batchSize, rounds: 7, kind: kinds[i][0] })),
  );
  for (const [i, { denseMilliseconds, sparseMilliseconds, ...speed }] of speeds.entries()) {
    t.true(denseMilliseconds > 0 && sparseMilliseconds > 0);
    const { speedupMin: min, speedupQ1: q1, speedup, speedupQ3: q3, speedupMax: max } = speed;
    t.deepEqual(
      [min, q1, speedup, q3, max],
      [min, q1, speedup, q3, max].toSorted((a, b) => a - b),
    );
    if (kinds[i].every((kind) => kind === 'dense')) t.deepEqual([min, speedup, max], [1, 1, 1]);
  }
});

test('the baseline is the network compiled in the same way with nothing pruned', async (t) => {
  const network = convNet();
  const parameters = applyMasks(randomParameters(network), randomMasks(network, 0.2));
  const masks = { ...randomMasks(network, 0.2), 'bn1/gamma': new Uint8Array(4), 'bn1/beta': new Uint8Array(4) };
  const compared: (readonly [CompiledNetwork, CompiledNetwork])[] = [];
  await measureSpeed(
    network,
    { parameters, masks },
    { batchSizes: [16], rounds: 1, onCompiled: (...both) => compared.push(both) },
  );
  const [[pruned, baseline]] = compared;
  t.deepEqual(
    baseline.layers.map(({ layer, density, matrix, shrunken }) => [
      layer,
      density,
      String(shrunken) === String(matrix),
    ]),
    pruned.layers.map(({ layer }) => [layer, 1, true]),
  );
  t.is(baseline.batchSize, 16);
});

test.serial('networks of one architecture share what they are compared with, batch size by batch size', async (t) => {
  const network = mlp([64, 48, 10]);
  const before = tf.memory().numTensors;
  {
    using baselines = new Baselines();
    const compared: CompiledNetwork[] = [];
    const measure = (of: Network, batchSize: number) =>
      measureSpeed(
        of,
        { parameters: randomParameters(of), masks: randomMasks(of, 0.1) },
        { batchSizes: [batchSize], rounds: 1, baselines, onCompiled: (_, baseline) => compared.push(baseline) },
      );
    await measure(network, 8);
    await measure(mlp([64, 48, 10]), 8);
    await measure(network, 16);
    await measure(mlp([64, 40, 10]), 8);
    t.is(compared[1], compared[0]);
    t.is(new Set(compared).size, 3);
    t.deepEqual(
      compared.map(({ batchSize }) => batchSize),
      [8, 8, 16, 8],
    );
  }
  t.is(tf.memory().numTensors, before);
});

test('a comparison whose rounds disagree is made again, three times at most, and the steadiest is kept', (t) => {
  const steady: PairedTimes = [
    [2, 3, 4],
    [1, 1, 1],
  ];
  const scattered = (most: number): PairedTimes => [
    [1, most],
    [1, 1],
  ];
  const taking = (...results: PairedTimes[]) => {
    let taken = 0;
    const kept = steadyTimes(() => results[taken++]);
    return { kept, taken };
  };
  t.deepEqual(taking(steady), { kept: steady, taken: 1 });
  t.deepEqual(taking(scattered(3)), { kept: scattered(3), taken: 1 });
  t.deepEqual(taking(scattered(3.1), steady), { kept: steady, taken: 2 });
  t.deepEqual(taking(scattered(9), scattered(4), scattered(5)), { kept: scattered(4), taken: 3 });
});

test('quartiles lie on the line between the two nearest values', (t) => {
  // R: quantile(c(1, 2, 4, 8), c(0.25, 0.5, 0.75)) gives 1.75, 3, 5.
  t.deepEqual(
    [0.25, 0.5, 0.75].map((share) => quantile([8, 1, 4, 2], share)),
    [1.75, 3, 5],
  );
  t.deepEqual(
    [0.25, 0.5, 0.75].map((share) => quantile([5], share)),
    [5, 5, 5],
  );
});

test('a network with an empty layer can be measured too, and one with nothing left', async (t) => {
  const network = convNet();
  const parameters = randomParameters(network);
  const masks = randomMasks(network, 0.3);
  const [first] = Object.keys(masks);
  for (const emptied of [[first], Object.keys(masks)]) {
    const empty = Object.fromEntries(emptied.map((name) => [name, new Uint8Array(masks[name].length)]));
    const speeds = await measureSpeed(network, { parameters, masks: { ...masks, ...empty } }, { rounds: 1 });
    t.true(speeds.every(({ speedup }) => Number.isFinite(speedup) && speedup > 0));
  }
});
