import { type Masks, type Scope, select } from '@prunebench/core';
import { closeTo, convNet, mlp, randomParameters, score, subjectOf } from '@prunebench/testing';
import test from 'ava';
import { random, randomUnit } from '../src/index.ts';
import { kept, mean, variance } from './support.ts';

const network = mlp([5, 4, 3]);
const parameters = randomParameters(network);
const [n1, n2] = [20, 12];
const n = n1 + n2;

async function draw(seed: number, sparsity: number, scope: Scope = 'global'): Promise<Masks> {
  return select(network, await score(random, subjectOf(network, parameters, { seed })), {
    sparsity,
    scope,
    allocation: 'uniform',
    granularity: 'weight',
    allowLayerCollapse: true,
  });
}

const draws = (count: number, sparsity: number) =>
  Promise.all(Array.from({ length: count }, (_, seed) => draw(seed, sparsity)));
const bits = (masks: Masks) => [...masks['fc1/kernel'], ...masks['fc2/kernel']];

test('exact counts; the seed decides the mask', async (t) => {
  for (const sparsity of [0, 0.25, 0.5, 0.9375]) {
    const left = bits(await draw(3, sparsity)).reduce((sum, bit) => sum + bit, 0);
    t.is(left, n * (1 - sparsity));
  }
  t.deepEqual(await draw(3, 0.5), await draw(3, 0.5));
  t.notDeepEqual(await draw(3, 0.5), await draw(4, 0.5));
});

test('every weight is kept equally often (binomial, 4 sigma)', async (t) => {
  const count = 2000;
  const sparsity = 0.75;
  const times = new Float64Array(n);
  for (const masks of await draws(count, sparsity))
    bits(masks).forEach((bit, i) => {
      times[i] += bit;
    });
  const fourSigma = 4 * Math.sqrt(count * sparsity * (1 - sparsity));
  for (const time of times) closeTo(t, time, count * (1 - sparsity), fourSigma, `${time}`);
});

test('under the global scope the number removed from a layer is hypergeometric', async (t) => {
  const count = 2000;
  const sparsity = 0.75;
  const removed = (await draws(count, sparsity)).map((masks) => n1 - kept(masks)['fc1/kernel']);
  const expectedVariance = (n1 * sparsity * (1 - sparsity) * (n - n1)) / (n - 1);
  closeTo(t, mean(removed), sparsity * n1, 4 * Math.sqrt(expectedVariance / count));
  closeTo(t, variance(removed) / expectedVariance, 1, 4 * Math.sqrt(2 / count));
});

test('expected squared output error of one linear unit, in closed form', async (t) => {
  // Removing r of n terms v: E[(sum of removed)^2] = r/n sum v^2 + r(r-1)/(n(n-1)) ((sum v)^2 - sum v^2).
  const v = Array.from({ length: n }, (_, i) => Math.sin(i + 1) + 0.2);
  const sum = v.reduce((a, b) => a + b, 0);
  const squares = v.reduce((a, b) => a + b * b, 0);
  const r = 8;
  const expected = (r / n) * squares + ((r * (r - 1)) / (n * (n - 1))) * (sum ** 2 - squares);
  const errors = (await draws(2000, r / n)).map(
    (masks) => bits(masks).reduce((total, bit, i) => total + (1 - bit) * v[i], 0) ** 2,
  );
  closeTo(t, mean(errors), expected, 4 * Math.sqrt(variance(errors) / errors.length));
});

test('scores do not depend on the weights', async (t) => {
  t.deepEqual(
    await score(random, subjectOf(network, parameters)),
    await score(random, subjectOf(network, randomParameters(network, 99))),
  );
});

test('units: one score for each that may be removed, from the seed alone', async (t) => {
  const conv = convNet();
  const scores = async (seed: number) => score(randomUnit, subjectOf(conv, randomParameters(conv), { seed }));
  const sizes = Object.entries(await scores(1)).map(([name, { length }]) => [name, length]);
  t.deepEqual(sizes, [
    ['conv1/kernel', 4],
    ['conv2/kernel', 5],
    ['fc1/kernel', 6],
  ]);
  t.deepEqual(await scores(1), await scores(1));
  t.notDeepEqual(await scores(1), await scores(2));
});
