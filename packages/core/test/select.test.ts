import test from 'ava';
import fc from 'fast-check';
import {
  collapsedLayers,
  DivergenceError,
  LayerCollapseError,
  type Masks,
  maskedSparsity,
  type Network,
  PrunebenchError,
  prunableSpecs,
  randomStream,
  type Scores,
  type SelectOptions,
  select,
  sizeOf,
} from '../src/index.ts';
import { denseNetwork, residualNetwork } from './networks.ts';

/** Sorts every live weight by (score, layer, flat index) and clears the first ones. */
function naive(network: Network, scores: Scores, sparsity: number, masks: Masks = {}): Record<string, number[]> {
  const all = prunableSpecs(network).flatMap(({ name }, layer) =>
    Array.from(scores[name], (score, index) => ({ name, layer, index, score, kept: masks[name]?.[index] ?? 1 })),
  );
  const alive = all.filter(({ kept }) => kept === 1);
  const remove = Math.round(sparsity * all.length) - (all.length - alive.length);
  alive.sort((a, b) => a.score - b.score || a.layer - b.layer || a.index - b.index);
  for (const weight of alive.slice(0, remove)) weight.kept = 0;
  return Object.fromEntries(
    prunableSpecs(network).map(({ name }) => [name, all.filter((w) => w.name === name).map(({ kept }) => kept)]),
  );
}

const plain = (masks: Masks) => Object.fromEntries(Object.entries(masks).map(([name, mask]) => [name, [...mask]]));
const removed = (masks: Masks) =>
  Object.values(masks).reduce((sum, mask) => sum + mask.filter((m) => m === 0).length, 0);
const kept = (mask: Uint8Array) => mask.reduce((sum, m) => sum + m, 0);

const network = denseNetwork([4, 5, 3, 2]);
const sizes = prunableSpecs(network).map(({ shape }) => sizeOf(shape));
const weights = sizes.reduce((a, b) => a + b);

/** Scores by kernel name from one flat list. */
function split(values: readonly number[], of: Network = network): Record<string, Float64Array> {
  const sizesOf = prunableSpecs(of).map(({ shape }) => sizeOf(shape));
  return Object.fromEntries(
    prunableSpecs(of).map(({ name }, l) => {
      const start = sizesOf.slice(0, l).reduce((a, b) => a + b, 0);
      return [name, Float64Array.from(values.slice(start, start + sizesOf[l]))];
    }),
  );
}

const flat = (value: fc.Arbitrary<number>, length = weights) =>
  fc.array(value, { minLength: length, maxLength: length });
const tied = flat(fc.integer({ min: -2, max: 2 }));
const anyDouble = flat(fc.double({ noNaN: true, noDefaultInfinity: true }));
/** Around one float32: neighbours in float64 that float32 cannot tell apart, both zeros, denormals. */
const close = flat(fc.constantFrom(0, -0, 5e-324, -5e-324, 1e-50, 1, 1 + 1e-12, 1 + 2 ** -52, 1e300, -1e300, 3.5e38));
/** Spread evenly: arbitrary doubles would nearly all be close to 0. */
const sparsityBelowOne = fc.integer({ min: 0, max: weights - 1 }).map((removed) => removed / weights);
const part = fc.integer({ min: 0, max: 100 }).map((percent) => percent / 100);
const loose = { allowLayerCollapse: true } as const;

for (const [name, values] of Object.entries({ tied, anyDouble, close }))
  test(`global selection equals an index sort (${name})`, (t) => {
    fc.assert(
      fc.property(values, sparsityBelowOne, part, (list, sparsity, share) => {
        const scores = split(list);
        const masks = select(network, split([...list].reverse()), { sparsity: sparsity * share, ...loose });
        t.deepEqual(
          plain(select(network, scores, { sparsity, masks, ...loose })),
          naive(network, scores, sparsity, masks),
        );
      }),
    );
  });

test('float32 and float64 scores give the same masks', (t) => {
  fc.assert(
    fc.property(flat(fc.float({ noNaN: true, noDefaultInfinity: true })), sparsityBelowOne, (list, sparsity) => {
      const double = split(list);
      const single = Object.fromEntries(
        Object.entries(double).map(([name, values]) => [name, Float32Array.from(values)]),
      );
      t.deepEqual(select(network, single, { sparsity, ...loose }), select(network, double, { sparsity, ...loose }));
    }),
  );
});

test('among all masks of a size, magnitude selection leaves the smallest Frobenius error', (t) => {
  const tiny = denseNetwork([2, 2, 2]);
  fc.assert(
    fc.property(flat(fc.double({ min: -3, max: 3, noNaN: true }), 8), fc.integer({ min: 0, max: 7 }), (w, count) => {
      const masks = select(tiny, split(w.map(Math.abs), tiny), { sparsity: count / 8, ...loose });
      const mask = Object.values(masks).flatMap((m) => [...m]);
      const error = (bits: readonly number[]) => bits.reduce((sum, bit, i) => sum + (1 - bit) * w[i] * w[i], 0);
      const all = Array.from({ length: 256 }, (_, code) => Array.from({ length: 8 }, (_, i) => (code >> i) & 1));
      const best = Math.min(...all.filter((bits) => bits.filter((b) => b === 0).length === count).map(error));
      t.is(mask.filter((b) => b === 0).length, count);
      t.true(error(mask) <= best + 1e-12);
    }),
    { numRuns: 40 },
  );
});

test('in a layer too large to look at every score first, the lowest go exactly, wherever they lie', (t) => {
  const wide = denseNetwork([200, 500, 2]);
  const random = randomStream(1);
  const draws: Record<string, (index: number) => number> = {
    'scattered over many powers of ten': () => 10 ** (20 * random.uniform() - 10),
    'of either sign, with ties': () => Math.round(10 * random.normal()),
    'the lowest where a sample of every third does not look': (i) => (i % 3 === 0 ? 2 : 1) + i / 1e6,
  };
  for (const [name, draw] of Object.entries(draws)) {
    const scores = {
      'fc1/kernel': Float64Array.from({ length: 100_000 }, (_, i) => draw(i)),
      'fc2/kernel': new Float64Array(1000).fill(1e30),
    };
    for (const sparsity of [1e-4, 0.5]) {
      const masks = select(wide, scores, { sparsity, ...loose });
      const expected = naive(wide, scores, sparsity);
      const wrong = masks['fc1/kernel'].filter((kept, i) => kept !== expected['fc1/kernel'][i]);
      t.is(wrong.length, 0, `${name}, ${sparsity}`);
    }
  }
});

test('the count is exact when all scores are equal; the earliest layer and the lowest index go first', (t) => {
  const scores = split(new Array(weights).fill(0));
  const masks = select(network, scores, { sparsity: 23 / weights, ...loose });
  t.is(removed(masks), 23);
  t.deepEqual([...masks['fc1/kernel']], new Array(20).fill(0));
  t.deepEqual([...masks['fc2/kernel']], [0, 0, 0, ...new Array(12).fill(1)]);
  const half = select(network, scores, { sparsity: 0.5, scope: 'layerwise' });
  t.deepEqual([...half['fc1/kernel']], [...new Array(10).fill(0), ...new Array(10).fill(1)]);
});

const ways: Record<string, Omit<SelectOptions, 'sparsity'>> = {
  global: { scope: 'global', ...loose },
  uniform: { scope: 'layerwise', allocation: 'uniform', ...loose },
  erk: { scope: 'layerwise', allocation: 'erk', ...loose },
};

for (const [name, way] of Object.entries(ways)) {
  test(`${name}: exactly round(S n) weights are removed, whatever the ties`, (t) => {
    fc.assert(
      fc.property(tied, sparsityBelowOne, (list, sparsity) => {
        t.is(removed(select(network, split(list), { sparsity, ...way })), Math.round(sparsity * weights));
      }),
    );
  });

  test(`${name}: selecting again at the same sparsity changes nothing`, (t) => {
    fc.assert(
      fc.property(tied, tied, sparsityBelowOne, (list, other, sparsity) => {
        const masks = select(network, split(list), { sparsity, ...way });
        t.deepEqual(select(network, split(other), { sparsity, masks, ...way }), masks);
      }),
    );
  });

  test(`${name}: round after round the target is met exactly and nothing is revived`, (t) => {
    const rising = fc
      .uniqueArray(sparsityBelowOne, { minLength: 2, maxLength: 30 })
      .map((s) => s.sort((a, b) => a - b));
    fc.assert(
      fc.property(rising, fc.infiniteStream(tied), (sparsities, draws) => {
        let masks: Masks = {};
        for (const sparsity of sparsities) {
          const next = select(network, split(draws.next().value!), { sparsity, masks, ...way });
          t.is(removed(next), Math.round(sparsity * weights));
          for (const [kernel, mask] of Object.entries(masks)) t.true(next[kernel].every((m, i) => m <= mask[i]));
          masks = next;
        }
      }),
      { numRuns: 60 },
    );
  });

  test(`${name}: does not change the scores and masks it is given`, (t) => {
    const scores = split(Array.from({ length: weights }, (_, i) => Math.sin(i)));
    const masks = select(network, scores, { sparsity: 0.2, ...way });
    const [scoresBefore, masksBefore] = [structuredClone(scores), structuredClone(masks)];
    select(network, scores, { sparsity: 0.7, masks, ...way });
    t.deepEqual(scores, scoresBefore);
    t.deepEqual(masks, masksBefore);
  });
}

test('with frozen scores, masks are nested as the sparsity grows', (t) => {
  fc.assert(
    fc.property(tied, sparsityBelowOne, sparsityBelowOne, (list, a, b) => {
      const [low, high] = [Math.min(a, b), Math.max(a, b)].map((sparsity) =>
        select(network, split(list), { sparsity, ...loose }),
      );
      for (const [name, mask] of Object.entries(high)) t.true(mask.every((m, i) => m <= low[name][i]));
    }),
  );
});

test('permuting distinct scores inside a layer permutes its mask', (t) => {
  const distinct = fc.uniqueArray(fc.integer(), { minLength: weights, maxLength: weights });
  const order = fc.shuffledSubarray(
    Array.from({ length: 20 }, (_, i) => i),
    { minLength: 20, maxLength: 20 },
  );
  fc.assert(
    fc.property(distinct, order, sparsityBelowOne, (list, permutation, sparsity) => {
      const scores = split(list);
      const permuted = { ...scores, 'fc1/kernel': Float64Array.from(permutation, (i) => scores['fc1/kernel'][i]) };
      const masks = select(network, scores, { sparsity, ...loose });
      const masksPermuted = select(network, permuted, { sparsity, ...loose });
      t.deepEqual(
        [...masksPermuted['fc1/kernel']],
        permutation.map((i) => masks['fc1/kernel'][i]),
      );
      t.deepEqual(masksPermuted['fc2/kernel'], masks['fc2/kernel']);
    }),
  );
});

test('layers with the same scores lose the same under either scope; a scaled layer is spared by the global one alone', (t) => {
  const square = denseNetwork([4, 4, 4]);
  const list = Array.from({ length: 16 }, (_, i) => ((i * 7) % 16) + 1);
  const same = split([...list, ...list], square);
  t.deepEqual(select(square, same, { sparsity: 0.5 }), select(square, same, { sparsity: 0.5, scope: 'layerwise' }));
  const scaled = split([...list, ...list.map((v) => v * 1e6)], square);
  t.deepEqual(kept(select(square, scaled, { sparsity: 0.4 })['fc2/kernel']), 16);
  t.deepEqual(
    select(square, scaled, { sparsity: 0.4, scope: 'layerwise' }),
    select(square, same, { sparsity: 0.4, scope: 'layerwise' }),
  );
});

test('listed densities are kept to, weight for weight', (t) => {
  const allocation = { 'fc1/kernel': 0.5, 'fc2/kernel': 1, 'fc3/kernel': 0 };
  const scores = split(Array.from({ length: weights }, (_, i) => i));
  const masks = select(network, scores, { sparsity: 16 / 41, scope: 'layerwise', allocation, ...loose });
  t.deepEqual(Object.values(masks).map(kept), [10, 15, 0]);
  const mismatch = t.throws(
    () => select(network, scores, { sparsity: 0.9, scope: 'layerwise', allocation, ...loose }),
    {
      instanceOf: PrunebenchError,
    },
  );
  t.regex(mismatch.message, /sparsity of 0\.39\d*, but 0\.9/);
});

test('layer collapse is refused by name unless it is allowed, and then it is visible', (t) => {
  const scores = split([...new Array(35).fill(5), ...new Array(6).fill(1)]);
  const error = t.throws(() => select(network, scores, { sparsity: 0.3 }), { instanceOf: LayerCollapseError });
  t.deepEqual(error.layers, ['fc3/kernel']);
  t.true(error instanceof PrunebenchError);
  t.deepEqual(collapsedLayers(network, select(network, scores, { sparsity: 0.3, ...loose })), ['fc3/kernel']);
  const layerwise = t.throws(() => select(network, scores, { sparsity: 0.95, scope: 'layerwise' }), {
    instanceOf: LayerCollapseError,
  });
  t.deepEqual(layerwise.layers, ['fc3/kernel']);
});

test('what cannot be ranked or reached is refused with a remedy', (t) => {
  const good = split(new Array(weights).fill(1).map((v, i) => v + i));
  const refused = (scores: Scores, options: SelectOptions, message: RegExp) => {
    const error = t.throws(() => select(network, scores, options), { instanceOf: PrunebenchError, message });
    t.truthy(error.remedy);
  };
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
    refused(
      { ...good, 'fc2/kernel': good['fc2/kernel'].with(3, bad) },
      { sparsity: 0.5 },
      new RegExp(`the score ${bad} for fc2/kernel, flat index 3`),
    );
  refused(
    { ...good, 'fc2/kernel': new Float32Array(14) },
    { sparsity: 0.5 },
    /14 scores for fc2\/kernel, which has 15 weights/,
  );
  const { 'fc1/kernel': _, ...incomplete } = good;
  refused(incomplete, { sparsity: 0.5 }, /no scores for fc1\/kernel/);
  refused(
    { ...good, 'fc9/kernel': new Float32Array(1), 'fc1/bias': new Float32Array(5) },
    { sparsity: 0.5 },
    /fc9\/kernel, fc1\/bias, which is not prunable/,
  );
  for (const sparsity of [-0.1, 1, 1.5, Number.NaN]) refused(good, { sparsity }, /is not in \[0, 1\)/);
  refused(good, { sparsity: 0.999, ...loose }, /removes every one/);
  const masks = select(network, good, { sparsity: 0.5, ...loose });
  refused(good, { sparsity: 0.4, masks }, /20 of 41 weights|21 of 41 weights/);
  refused(
    good,
    { sparsity: 0.55, masks: { 'fc1/kernel': new Uint8Array(20) }, scope: 'layerwise', ...loose },
    /already sparser than their share are fc1\/kernel/,
  );
  refused(good, { sparsity: 0.5, masks: { 'fc1/kernel': new Uint8Array(3) } }, /mask of fc1\/kernel has 3 entries/);
  refused(good, { sparsity: 0.5, masks: { 'fc1/kernel': new Uint8Array(20).fill(2) } }, /holds 2 at flat index 0/);
});

test('the score of a removed weight does not matter, as long as it is a number', (t) => {
  const masks = { 'fc2/kernel': new Uint8Array(15).fill(1).with(3, 0) };
  const scores = split(Array.from({ length: weights }, (_, i) => 100 - i));
  const other = (value: number) => ({ ...scores, 'fc2/kernel': scores['fc2/kernel'].with(3, value) });
  for (const value of [-1e9, 1e9])
    t.deepEqual(
      select(network, other(value), { sparsity: 0.5, masks, ...loose }),
      select(network, scores, { sparsity: 0.5, masks, ...loose }),
    );
  t.throws(() => select(network, other(Number.NaN), { sparsity: 0.5, masks, ...loose }), {
    instanceOf: DivergenceError,
    message: /the score NaN for fc2\/kernel, flat index 3/,
  });
});

test('unit selection removes whole units with their bias and batch norm, and never the output or a residual branch', (t) => {
  const scores = { 'conv2/kernel': Float32Array.of(3, 1, 4, 2) };
  const masks = select(residualNetwork, scores, { sparsity: 0.5, granularity: 'unit' });
  const perUnit = [1, 0, 1, 0];
  t.deepEqual(
    [...masks['conv2/kernel']],
    Array.from({ length: 9 * 3 * 4 }, (_, i) => perUnit[i % 4]),
  );
  t.deepEqual([...masks['bn2/gamma']], perUnit);
  t.deepEqual([...masks['bn2/beta']], perUnit);
  for (const name of ['conv1/kernel', 'conv3/kernel', 'fc/kernel']) t.true(masks[name].every((m) => m === 1));
  const again = select(
    residualNetwork,
    { 'conv2/kernel': Float32Array.of(1, 9, 2, 9) },
    { sparsity: 0.75, granularity: 'unit', masks },
  );
  t.deepEqual([...again['bn2/beta']], [0, 0, 1, 0]);
  t.throws(
    () =>
      select(residualNetwork, { 'conv2/kernel': Float32Array.of(1, 1, 1, 1) }, { sparsity: 0.9, granularity: 'unit' }),
    {
      message: /every one of the 4 prunable units/,
    },
  );
});

test('unit sparsity is the share of prunable units; scopes and ties work as for weights', (t) => {
  const net = denseNetwork([3, 6, 4, 2]);
  const scores = { 'fc1/kernel': Float32Array.of(1, 1, 1, 5, 5, 5), 'fc2/kernel': Float32Array.of(1, 9, 9, 9) };
  const units = (masks: Masks) => [kept(masks['fc1/bias']), kept(masks['fc2/bias'])];
  t.deepEqual(units(select(net, scores, { sparsity: 0.3, granularity: 'unit' })), [3, 4]);
  t.deepEqual(units(select(net, scores, { sparsity: 0.5, granularity: 'unit', scope: 'layerwise' })), [3, 2]);
  t.is(
    maskedSparsity(net, select(net, scores, { sparsity: 0.5, granularity: 'unit', scope: 'layerwise' })),
    (9 + 12) / (18 + 24 + 8),
  );
  t.throws(
    () => select(net, { ...scores, 'fc3/kernel': new Float32Array(2) }, { sparsity: 0.5, granularity: 'unit' }),
    {
      instanceOf: PrunebenchError,
      message: /fc3\/kernel, which is not prunable/,
    },
  );
  t.throws(() => select(denseNetwork([3, 2]), {}, { sparsity: 0.5, granularity: 'unit' }), {
    message: /no unit that could be removed/,
  });
});
