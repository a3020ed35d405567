import test from 'ava';
import fc from 'fast-check';
import {
  applyMasks,
  collapsedLayers,
  type Masks,
  maskedSparsity,
  PrunebenchError,
  prunableSpecs,
  randomStream,
  select,
  shuffleMasks,
  shuffleUnits,
  sizeOf,
  unitMasks,
} from '../src/index.ts';
import { denseNetwork, residualNetwork } from './networks.ts';

const network = denseNetwork([3, 4, 2]);

test('applyMasks zeroes what is masked and leaves the original alone', (t) => {
  const bias = { shape: [2], values: Float32Array.of(5, 6) };
  const kernel = { shape: [2, 2], values: Float32Array.of(1, -2, 3, Number.NaN) };
  const masked = applyMasks({ 'fc1/kernel': kernel, 'fc1/bias': bias }, { 'fc1/kernel': Uint8Array.of(1, 0, 1, 0) });
  t.deepEqual([...masked['fc1/kernel'].values], [1, 0, 3, 0]);
  t.is(masked['fc1/bias'], bias);
  t.is(kernel.values[1], -2);
  t.throws(() => applyMasks({ 'fc1/bias': bias }, { 'fc1/bias': Uint8Array.of(1) }), {
    message: /fc1\/bias has 2 values/,
  });
});

test('sparsity and collapse count kernels alone', (t) => {
  const masks = {
    'fc1/kernel': Uint8Array.from({ length: 12 }, (_, i) => (i < 3 ? 0 : 1)),
    'fc1/bias': new Uint8Array(4),
  };
  t.is(maskedSparsity(network, masks), 3 / 20);
  t.is(maskedSparsity(network, {}), 0);
  t.deepEqual(collapsedLayers(network, masks), []);
  t.deepEqual(collapsedLayers(network, { 'fc2/kernel': new Uint8Array(8) }), ['fc2/kernel']);
});

const bits = (length: number) => fc.array(fc.integer({ min: 0, max: 1 }), { minLength: length, maxLength: length });

test('shuffleMasks keeps the counts per layer, revives nothing, and follows the stream', (t) => {
  const zeros = (mask: Uint8Array) => mask.filter((m) => m === 0).length;
  fc.assert(
    fc.property(bits(30), bits(30), fc.nat(), (first, second, seed) => {
      const before = { 'a/kernel': Uint8Array.from(first) };
      const after = {
        'a/kernel': Uint8Array.from(first, (bit, i) => bit & second[i]),
        'b/kernel': Uint8Array.from(second),
      };
      const shuffled = shuffleMasks(before, after, randomStream(seed));
      for (const name of ['a/kernel', 'b/kernel'] as const) t.is(zeros(shuffled[name]), zeros(after[name]));
      t.true(shuffled['a/kernel'].every((m, i) => m <= first[i]));
      t.deepEqual(shuffleMasks(before, after, randomStream(seed)), shuffled);
      const { 'b/kernel': alone } = shuffleMasks({}, { 'b/kernel': after['b/kernel'] }, randomStream(seed));
      t.deepEqual(alone, shuffled['b/kernel'], 'another layer does not shift the draw');
    }),
  );
});

test('shuffleMasks draws uniformly among the weights alive before, whatever the criterion chose', (t) => {
  const before = { 'a/kernel': Uint8Array.of(1, 0, 1, 1, 1, 1) };
  const after = { 'a/kernel': Uint8Array.of(0, 0, 0, 1, 1, 1) };
  const draws = 10_000;
  const counts = new Array(6).fill(0);
  for (let seed = 0; seed < draws; seed++)
    for (const [i, m] of shuffleMasks(before, after, randomStream(seed))['a/kernel'].entries()) counts[i] += 1 - m;
  t.is(counts[1], draws);
  // Each of the five live weights goes with probability 2/5.
  const bound = 4 * Math.sqrt(draws * 0.4 * 0.6);
  for (const i of [0, 2, 3, 4, 5]) t.true(Math.abs(counts[i] - 0.4 * draws) < bound, `${i}: ${counts[i]}`);
});

test('shuffleMasks refuses whole units, which shuffleUnits moves with all that belongs to them', (t) => {
  const scores = { 'conv2/kernel': Float32Array.of(1, 2, 3, 4) };
  const before: Masks = {};
  const after = select(residualNetwork, scores, { sparsity: 0.5, granularity: 'unit' });
  t.throws(() => shuffleMasks(before, after, randomStream(0)), { instanceOf: PrunebenchError, message: /whole units/ });
  const patterns = new Set<string>();
  for (let seed = 0; seed < 60; seed++) {
    const masks = shuffleUnits(residualNetwork, before, after, randomStream(seed));
    const units = [...masks['bn2/gamma']];
    t.is(
      units.reduce((a, b) => a + b),
      2,
    );
    t.deepEqual([...masks['bn2/beta']], units);
    t.true(masks['conv2/kernel'].every((m, i) => m === units[i % 4]));
    patterns.add(units.join(''));
  }
  t.is(patterns.size, 6, 'all pairs of four units come up');
  const first = shuffleUnits(residualNetwork, before, after, randomStream(1));
  const more = select(residualNetwork, scores, { sparsity: 0.75, granularity: 'unit', masks: first });
  const second = shuffleUnits(residualNetwork, first, more, randomStream(2));
  t.is(
    second['bn2/gamma'].reduce((a, b) => a + b),
    1,
  );
  t.true(second['bn2/gamma'].every((m, i) => m <= first['bn2/gamma'][i]));
});

test('shuffleUnits: what one layer loses does not shift the draw in another', (t) => {
  const net = denseNetwork([3, 8, 8, 2]);
  const removing = (first: number, second: number) => {
    const kept = (count: number) => Uint8Array.from({ length: 8 }, (_, i) => (i < count ? 0 : 1));
    const after = { ...unitMasks(net, 'fc1/kernel', kept(first)), ...unitMasks(net, 'fc2/kernel', kept(second)) };
    return shuffleUnits(net, {}, after, randomStream(6));
  };
  t.deepEqual(removing(1, 4)['fc2/bias'], removing(5, 4)['fc2/bias']);
  t.is(
    removing(5, 4)['fc1/bias'].reduce((a, b) => a + b),
    3,
  );
});

test('the shuffled control really changes the masks', (t) => {
  const big = denseNetwork([20, 20, 5]);
  const scores = Object.fromEntries(
    prunableSpecs(big).map(({ name, shape }) => [name, Float64Array.from({ length: sizeOf(shape) }, (_, i) => i % 50)]),
  );
  const masks = select(big, scores, { sparsity: 0.5 });
  const shuffled = shuffleMasks({}, masks, randomStream(3));
  t.notDeepEqual(shuffled, masks);
  t.is(maskedSparsity(big, shuffled), 0.5);
});
