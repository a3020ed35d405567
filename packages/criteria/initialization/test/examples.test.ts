/** Which examples a criterion sees, and in which batches: the ways of the papers' programs that are options here. */
import { type Batch, type Network, randomStream, type Subject } from '@prunebench/core';
import { balancedBatches } from '@prunebench/signals';
import { convNet, mlp, randomBatch, randomParameters, relativeError, score, subjectOf } from '@prunebench/testing';
import test from 'ava';
import { force, grasp, snip } from '../src/index.ts';
import { lossAndGradient, mlpOf } from './float64-mlp.ts';

const sizes = [6, 5, 4, 3];
const network = mlp(sizes, { useBias: false });
const parameters = randomParameters(network);
const pool = randomBatch(network, 20);
const reference = mlpOf(sizes, parameters, 'relu');

/** What a criterion is shown in a round: its stream is the round's own. */
const inRound = (round: number, of: Subject = subjectOf(network, parameters, { batches: [pool] })): Subject => ({
  ...of,
  random: randomStream(1, `criterion/${round}`),
});

/** Example n of the pool alone, and |w g| on it in double precision. */
const alone = (n: number): Batch => ({ x: pool.x.slice(6 * n, 6 * n + 6), y: pool.y.slice(n, n + 1), size: 1 });
const sensitivities = (batch: Batch) =>
  lossAndGradient(reference, batch).gradient.map((kernel, l) =>
    kernel.flatMap((row, i) => Array.from(row, (g, j) => Math.abs(g * reference.kernels[l][i][j]))),
  );

/** The examples whose sensitivities the scores are. */
const examplesBehind = (scores: Readonly<Record<string, ArrayLike<number>>>) =>
  Array.from({ length: pool.size }, (_, n) => n).filter((n) =>
    sensitivities(alone(n)).every((expected, l) => relativeError(scores[`fc${l + 1}/kernel`], expected) < 1e-3),
  );

test('new-every-round: a round scores on examples of its own, the same again when it is repeated', async (t) => {
  const options = { batchSize: 1, draw: 'new-every-round' };
  const seen = new Set<number>();
  for (let round = 0; round < 12; round++) {
    const scores = await score(force, inRound(round), options);
    t.deepEqual(await score(force, inRound(round), options), scores);
    const [example, ...others] = examplesBehind(scores);
    t.deepEqual(others, []);
    seen.add(example);
  }
  t.true(seen.size > 4, `${[...seen]}`);
});

test('same-every-round, the default: every round scores on the first batch', async (t) => {
  const first = subjectOf(network, parameters, { batches: [alone(7), alone(3)] });
  for (const criterion of [force, snip]) {
    const one = await score(criterion, inRound(0, first), { batchSize: 1 });
    t.deepEqual(await score(criterion, inRound(1, first), { batchSize: 1 }), one);
    if (criterion === force) t.deepEqual(examplesBehind(one), [7]);
  }
});

test('new-every-round: a batch has no example twice, and the batches are drawn apart', async (t) => {
  const whole = sensitivities(pool);
  const scores = await score(force, inRound(3), { batchSize: 20, batches: 2, draw: 'new-every-round' });
  for (const [l, expected] of whole.entries()) t.true(relativeError(scores[`fc${l + 1}/kernel`], expected) < 1e-4);
});

/** 4 examples of each of 3 classes, mixed. */
const mixed = (of: Network): Batch => ({
  ...randomBatch(of, 12),
  y: Int32Array.from([2, 0, 1, 1, 0, 2, 2, 1, 0, 0, 2, 1]),
});

test('class-sorted: the batches are the halves of the examples sorted by class, those of a class as they come', (t) => {
  const batch = mixed(network);
  const size = { classes: 3, perClass: 4, batchSize: 6 };
  const halves = balancedBatches(subjectOf(network, parameters, { batches: [batch] }), {
    ...size,
    order: 'class-sorted',
  });
  t.deepEqual(
    halves.map(({ y }) => [...y]),
    [
      [0, 0, 0, 0, 1, 1],
      [1, 1, 2, 2, 2, 2],
    ],
  );
  const sorted = [1, 4, 8, 9, 2, 3, 7, 11, 0, 5, 6, 10];
  t.deepEqual(
    halves.flatMap(({ x }) => [...x]),
    sorted.flatMap((n) => [...batch.x.subarray(6 * n, 6 * n + 6)]),
  );
});

test("class-sorted halves change GraSP's scores where a batch shares statistics, and nowhere else", async (t) => {
  const conv = convNet();
  const subject = subjectOf(conv, randomParameters(conv), { batches: [mixed(conv)] });
  const scoresOf = (options: object) => score(grasp, subject, { samplesPerClass: 4, batchSize: 6, ...options });
  const apart = async (statistics: string) => {
    const [dealt, sorted] = [await scoresOf({ statistics }), await scoresOf({ statistics, order: 'class-sorted' })];
    return relativeError(sorted['conv1/kernel'], dealt['conv1/kernel']);
  };
  t.true((await apart('batch')) > 1e-2);
  t.true((await apart('running')) < 1e-4);
});

test('redrawDense: GraSP scores as if the dense kernels were Glorot-normal draws of its stream; the others are the given ones', async (t) => {
  const conv = convNet();
  const given = randomParameters(conv);
  const subject = subjectOf(conv, given, { batches: [mixed(conv)] });
  const options = { samplesPerClass: 4, redrawDense: true };
  const scores = await score(grasp, inRound(1, subject), options);
  t.deepEqual(await score(grasp, inRound(1, subject), options), scores);
  t.true(
    relativeError((await score(grasp, inRound(2, subject), options))['conv1/kernel'], scores['conv1/kernel']) > 1e-2,
  );
  // What the given dense kernels are does not matter, what the convolutions are does.
  const scaled = (suffix: string) =>
    Object.fromEntries(
      Object.entries(given).map(([name, { shape, values }]) => [
        name,
        { shape, values: name === suffix ? values.map((w) => 3 * w) : values },
      ]),
    );
  const dense = conv.layers.filter(({ kind }) => kind === 'dense').map(({ name }) => `${name}/kernel`);
  for (const name of dense)
    t.deepEqual(await score(grasp, inRound(1, { ...subject, parameters: scaled(name) }), options), scores);
  t.notDeepEqual(await score(grasp, inRound(1, { ...subject, parameters: scaled('conv1/kernel') }), options), scores);
});
