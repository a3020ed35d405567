import test from 'ava';
import fc from 'fast-check';
import { allocate, defineNetwork, PrunebenchError } from '../src/index.ts';
import { largestRemainder } from '../src/pruning/allocation.ts';
import { conv, dense, denseNetwork } from './networks.ts';

const lenet = denseNetwork([784, 300, 100, 10]);

/** Golden densities of Erdős-Rényi-kernel, computed outside this project. */
const golden = [
  { sparsity: 0.9, densities: [0.0795678, 0.2301887, 1] },
  { sparsity: 0.98, densities: [0.0153937, 0.0445337, 0.3674028] },
  { sparsity: 0.5, densities: [0.4340986, 1, 1] },
];

for (const { sparsity, densities } of golden)
  test(`ERK densities of LeNet-300-100 at ${sparsity}`, (t) => {
    const found = Object.values(allocate(lenet, sparsity, 'erk'));
    for (const [l, density] of densities.entries())
      t.true(Math.abs(found[l] - density) < 5e-8, `${found[l]} ${density}`);
  });

test('ERK counts all four dimensions of a convolution, unlike ER', (t) => {
  const network = defineNetwork({
    name: 'cnn',
    inputShape: [28, 28, 1],
    layers: [
      conv('conv1', 'input', 32),
      conv('conv2', 'conv1', 64),
      { kind: 'maxPool', name: 'pool', inputs: ['conv2'], size: [4, 4], strides: [4, 4], padding: 'valid' },
      { kind: 'flatten', name: 'flat', inputs: ['pool'] },
      dense('fc1', 'flat', 128),
      dense('fc2', 'fc1', 10),
    ],
  });
  const found = Object.values(allocate(network, 0.9, 'erk'));
  for (const [l, density] of [1, 0.0667035, 0.0980133, 1].entries()) t.true(Math.abs(found[l] - density) < 5e-8);
});

test('densities lie in [0, 1] and spend the budget', (t) => {
  const widths = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 2, maxLength: 6 });
  fc.assert(
    fc.property(
      widths,
      fc.integer({ min: 0, max: 999 }).map((permille) => permille / 1000),
      fc.constantFrom('uniform' as const, 'erk' as const),
      (w, sparsity, how) => {
        const densities = Object.values(allocate(denseNetwork(w), sparsity, how));
        const sizes = w.slice(1).map((units, l) => units * w[l]);
        const total = sizes.reduce((a, b) => a + b);
        t.true(densities.every((density) => density >= 0 && density <= 1));
        const spent = densities.reduce((sum, density, l) => sum + density * sizes[l], 0);
        t.true(Math.abs(spent - (1 - sparsity) * total) < 1e-9 * total);
      },
    ),
  );
});

test('a list must name every kernel, no other, with densities that make the sparsity', (t) => {
  const network = denseNetwork([4, 5, 2]);
  t.deepEqual(allocate(network, 0.5, { 'fc1/kernel': 0.25, 'fc2/kernel': 1 }), { 'fc1/kernel': 0.25, 'fc2/kernel': 1 });
  const refused = (list: Record<string, number>, message: RegExp) => {
    const error = t.throws(() => allocate(network, 0.5, list), { instanceOf: PrunebenchError, message });
    t.truthy(error.remedy);
  };
  refused({ 'fc1/kernel': 0.25 }, /missing fc2\/kernel/);
  refused({ 'fc1/kernel': 0.25, 'fc2/kernel': 1, conv: 1 }, /unknown conv/);
  refused({ 'fc1/kernel': 0.5, 'fc2/kernel': 1 }, /sparsity of 0\.3333333333333333\d*, but 0\.5/);
  refused({ 'fc1/kernel': -0.25, 'fc2/kernel': 2 }, /not in \[0, 1\]/);
});

test('largest remainder: exact sum, never over the limits, and no count farther from its quota than need be', (t) => {
  const quotas = fc.array(
    fc.integer({ min: 0, max: 600 }).map((percent) => percent / 100),
    { minLength: 1, maxLength: 4 },
  );
  fc.assert(
    fc.property(quotas, (list) => {
      const sum = Math.round(list.reduce((a, b) => a + b, 0));
      const limits = list.map((quota) => Math.ceil(quota) + 1);
      const counts = largestRemainder(list, sum, limits);
      const distance = (c: readonly number[]) => c.reduce((total, count, l) => total + Math.abs(count - list[l]), 0);
      t.is(
        counts.reduce((a, b) => a + b, 0),
        sum,
      );
      t.true(counts.every((count, l) => count >= 0 && count <= limits[l]));
      const best = Math.min(
        ...everyCount(limits)
          .filter((c) => c.reduce((a, b) => a + b, 0) === sum)
          .map(distance),
      );
      t.true(distance(counts) <= best + 1e-6);
    }),
  );
  t.deepEqual(largestRemainder([1.5, 1.5], 3, [9, 9]), [2, 1]);
  t.deepEqual(largestRemainder([2.9, 1.1], 4, [2, 9]), [2, 2]);
  t.throws(() => largestRemainder([3], 3, [2]), { instanceOf: RangeError });
});

function everyCount(limits: readonly number[]): number[][] {
  return limits.reduce<number[][]>(
    (all, limit) => all.flatMap((counts) => Array.from({ length: limit + 1 }, (_, c) => [...counts, c])),
    [[]],
  );
}
