import {
  contentHash,
  defineNetwork,
  type ParameterRecord,
  prunableSpecs,
  randomStream,
  select,
} from '@prunebench/core';
import { dense, denseNetwork, residualNetwork } from '@prunebench/core/test-networks';
import { initializeParameters } from '@prunebench/network';
import test from 'ava';

const network = denseNetwork([30, 200, 50]);

test('kernels have mean 0 and the variance of their scheme; the rest starts where it must', (t) => {
  const parameters = {
    he: initializeParameters(network, randomStream(1), 'he-normal'),
    glorot: initializeParameters(network, randomStream(1)),
  };
  const variance = ({ values }: { values: Float32Array }) => values.reduce((sum, v) => sum + v * v, 0) / values.length;
  const near = (found: number, expected: number, n: number) =>
    t.true(Math.abs(found / expected - 1) < 5 * Math.sqrt(2 / n));
  near(variance(parameters.he['fc1/kernel']), 2 / 30, 6000);
  near(variance(parameters.glorot['fc1/kernel']), 2 / 230, 6000);
  const uniform = initializeParameters(network, randomStream(1), 'fan-in-uniform')['fc1/kernel'];
  near(variance(uniform), 1 / 3 / 30, 6000);
  const largest = uniform.values.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
  t.true(largest <= Math.fround(1 / Math.sqrt(30)) && largest > 0.99 / Math.sqrt(30));
  const mean = parameters.he['fc1/kernel'].values.reduce((a, b) => a + b) / 6000;
  t.true(Math.abs(mean) < 5 * Math.sqrt(2 / 30 / 6000));
  const residual = initializeParameters(residualNetwork, randomStream(1));
  for (const [role, value] of [
    ['gamma', 1],
    ['beta', 0],
    ['movingMean', 0],
    ['movingVariance', 1],
  ] as const)
    t.true(residual[`bn1/${role}`].values.every((v) => v === value));
  t.true(parameters.he['fc1/bias'].values.every((v) => v === 0));
});

test('a layer more changes no other layer', (t) => {
  const [first, ...rest] = network.layers;
  const layers = [dense('fc0', 'input', 30), { ...first, inputs: ['fc0'] }, ...rest];
  const longer = defineNetwork({ ...network, layers });
  const before = initializeParameters(network, randomStream(3));
  const after = initializeParameters(longer, randomStream(3));
  for (const name of Object.keys(before)) t.deepEqual(after[name], before[name]);
});

/** Everything random about the start of a trial, as digests. */
function digests(seed: number) {
  const root = randomStream(seed);
  const parameters: ParameterRecord = initializeParameters(network, root.fork('init'));
  const scores = Object.fromEntries(
    prunableSpecs(network).map(({ name }) => [
      name,
      parameters[name].values.map(() => root.fork('mask').fork(name).uniform()),
    ]),
  );
  const stream = root.fork('mask');
  const random = Object.fromEntries(
    Object.entries(scores).map(([name, values]) => [name, Float64Array.from(values, () => stream.uniform())]),
  );
  return {
    init: contentHash(Object.values(parameters).map(({ values }) => [...values])),
    order: contentHash([...root.fork('order').permutation(1000)]),
    mask: contentHash(Object.values(select(network, random, { sparsity: 0.5 })).map((mask) => [...mask])),
  };
}

test('the same root seed gives the same init, order and mask; another seed changes all three', (t) => {
  const [a, again, b] = [digests(0), digests(0), digests(1)];
  t.deepEqual(a, again);
  for (const what of ['init', 'order', 'mask'] as const) t.not(a[what], b[what]);
});
