import test from 'ava';
import fc from 'fast-check';
import { randomStream } from '../src/index.ts';

const draw = (seed: number, path: readonly string[], count = 5) => {
  const stream = path.reduce((parent, name) => parent.fork(name), randomStream(seed));
  return Array.from({ length: count }, () => stream.uniform());
};

const GOLDEN = {
  init0: [0.2543959864600248, 0.8607650344990674, 0.8974440540876214],
  order1: [0.06447156223265094, 0.7983372986717105, 0.041177734736076776],
  permutation: [3, 4, 2, 1, 5, 0, 6, 7],
  normal: [0.5143391204130917, 9.861325235712723],
  integer: [127, 391701628],
};

test('golden values: these numbers may never change, or every published record would', (t) => {
  t.deepEqual(draw(0, ['init'], 3), GOLDEN.init0);
  t.deepEqual(draw(1, ['order', 'epoch 3'], 3), GOLDEN.order1);
  const stream = randomStream(42).fork('mask');
  t.deepEqual([...stream.permutation(8)], GOLDEN.permutation);
  t.deepEqual([stream.normal(), stream.normal(10, 2)], GOLDEN.normal);
  t.deepEqual([stream.integer(1000), stream.integer(2 ** 31)], GOLDEN.integer);
});

test('a fork does not depend on what was drawn or forked before', (t) => {
  fc.assert(
    fc.property(fc.nat(), fc.nat({ max: 20 }), fc.string(), fc.string(), (seed, count, name, other) => {
      const root = randomStream(seed);
      for (let i = 0; i < count; i++) root.fork(other).normal();
      for (let i = 0; i < count; i++) root.uniform();
      t.is(root.fork(name).uniform(), randomStream(seed).fork(name).uniform());
    }),
  );
});

test('drawing from a fork never shifts its parent or its siblings', (t) => {
  const root = randomStream(7);
  const [a, b] = [root.fork('a'), root.fork('b')];
  a.permutation(100);
  t.deepEqual([b.uniform(), root.uniform()], [draw(7, ['b'], 1)[0], draw(7, [], 1)[0]]);
});

test('seeds and names tell streams apart, also names that contain separators', (t) => {
  const all = [
    draw(0, ['a']),
    draw(1, ['a']),
    draw(0, ['b']),
    draw(0, []),
    draw(0, ['a/b']),
    draw(0, ['a', 'b']),
    draw(0, ['a%2Fb']),
    draw(0, ['']),
  ];
  t.is(new Set(all.map(String)).size, all.length);
  t.deepEqual(draw(3, ['a', 'b']), draw(3, ['a', 'b']));
});

test('uniform, normal and integer have the moments they should', (t) => {
  const n = 40_000;
  const stream = randomStream(11);
  const sample = (next: () => number) => Array.from({ length: n }, next);
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b) / n;
  const variance = (values: readonly number[]) => mean(values.map((v) => (v - mean(values)) ** 2));
  const uniform = sample(stream.uniform);
  t.true(uniform.every((u) => u >= 0 && u < 1));
  t.true(Math.abs(mean(uniform) - 0.5) < (5 * Math.sqrt(1 / 12)) / Math.sqrt(n));
  const normal = sample(() => stream.normal(3, 2));
  const spread = variance(normal);
  t.true(Math.abs(mean(normal) - 3) < (5 * 2) / Math.sqrt(n));
  t.true(Math.abs(spread - 4) < (5 * 4 * Math.SQRT2) / Math.sqrt(n));
  const counts = new Array(7).fill(0);
  for (const value of sample(() => stream.integer(7))) counts[value]++;
  for (const count of counts) t.true(Math.abs(count - n / 7) < 5 * Math.sqrt((n * 6) / 49));
});

test('permutations are permutations, and all orders come up equally often', (t) => {
  const stream = randomStream(12);
  t.deepEqual([...stream.permutation(0)], []);
  t.deepEqual([...stream.permutation(1)], [0]);
  t.deepEqual(
    [...stream.permutation(1000)].sort((a, b) => a - b),
    Array.from({ length: 1000 }, (_, i) => i),
  );
  const counts = new Map<string, number>();
  const n = 12_000;
  for (let i = 0; i < n; i++) {
    const order = stream.permutation(3).join();
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  t.is(counts.size, 6);
  for (const count of counts.values()) t.true(Math.abs(count - n / 6) < 5 * Math.sqrt((n * 5) / 36));
});

test('a sample has different members, and each is as likely as any other at each place', (t) => {
  const random = randomStream(5);
  const [size, count, rounds] = [6, 3, 6000];
  const seen = Array.from({ length: count }, () => new Float64Array(size));
  for (let round = 0; round < rounds; round++) {
    const sample = random.sample(size, count);
    t.is(new Set(sample).size, count);
    for (const [place, member] of sample.entries()) seen[place][member]++;
  }
  const expected = rounds / size;
  // Five degrees of freedom: beyond 30 once in 70,000.
  for (const counts of seen) {
    const chiSquared = counts.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
    t.true(chiSquared < 30, `${counts}`);
  }
  t.deepEqual([...random.sample(4, 4)].sort(), [0, 1, 2, 3]);
  t.is(random.sample(4, 0).length, 0);
  t.throws(() => random.sample(4, 5), { instanceOf: RangeError });
});
