import { PrunebenchError, randomStream } from '@prunebench/core';
import { kernels, mlp, randomParameters, subjectOf, thresholdMasks, withValues } from '@prunebench/testing';
import test from 'ava';
import { thresholdGlobal, thresholdSigma } from '../src/index.ts';
import { kept } from './support.ts';

const gaussian = (size: number, mean = 0, deviation = 1) => {
  const stream = randomStream(7, `gaussian/${size}/${mean}`);
  return Float32Array.from({ length: size }, () => stream.normal(mean, deviation));
};

test('of Gaussian weights, q standard deviations remove the share erf(q / sqrt 2)', async (t) => {
  const network = mlp([400, 500]);
  const size = 200_000;
  const parameters = withValues(randomParameters(network), { 'fc1/kernel': gaussian(size, 0, 0.03) });
  for (const [q, share] of [
    [0.5, 0.3829249],
    [0.6744898, 0.5],
    [1, 0.6826895],
    [1.6448536, 0.9],
  ]) {
    const left = kept(await thresholdMasks(thresholdSigma, subjectOf(network, parameters), { q }))['fc1/kernel'];
    const fourSigma = 4 * Math.sqrt((share * (1 - share)) / size);
    t.true(Math.abs(1 - left / size - share) < fourSigma, `q = ${q}: ${1 - left / size} against ${share}`);
  }
});

test('one standard deviation of a hand-made layer', async (t) => {
  const network = mlp([4, 1]);
  // Mean 1, deviations -3, -1, 1, 3 from it, so sigma = sqrt 5 = 2.236.
  const subject = subjectOf(network, kernels(network, { fc1: [-2, 0, 2, 4] }));
  t.deepEqual([...(await thresholdMasks(thresholdSigma, subject))['fc1/kernel']], [0, 0, 0, 1]);
  t.deepEqual([...(await thresholdMasks(thresholdSigma, subject, { centred: true }))['fc1/kernel']], [1, 0, 0, 1]);
});

test('scaling a layer changes nothing for the layer-wise rule, and what it loses to the global one', async (t) => {
  const network = mlp([30, 20, 10]);
  const parameters = randomParameters(network);
  const scaled = withValues(parameters, { 'fc1/kernel': parameters['fc1/kernel'].values.map((w) => 8 * w) });
  const masks = (rule: typeof thresholdSigma | typeof thresholdGlobal, of: typeof parameters) =>
    rule === thresholdSigma
      ? thresholdMasks(thresholdSigma, subjectOf(network, of))
      : thresholdMasks(thresholdGlobal, subjectOf(network, of));
  t.deepEqual(await masks(thresholdSigma, scaled), await masks(thresholdSigma, parameters));
  t.true(
    kept(await masks(thresholdGlobal, scaled))['fc1/kernel'] >
      kept(await masks(thresholdGlobal, parameters))['fc1/kernel'],
  );
  t.is(kept(await masks(thresholdGlobal, scaled))['fc2/kernel'], 0);
});

test('a layer of equal weights has no spread and keeps them all', async (t) => {
  const network = mlp([3, 1]);
  const subject = subjectOf(network, kernels(network, { fc1: [0.5, 0.5, 0.5] }));
  for (const centred of [false, true])
    t.deepEqual(kept(await thresholdMasks(thresholdSigma, subject, { centred })), { 'fc1/kernel': 3 });
});

test('weights that are gone stay gone and are no part of the spread', async (t) => {
  const network = mlp([5, 1]);
  const parameters = kernels(network, { fc1: [100, -2, 0, 2, 4] });
  const masks = { 'fc1/kernel': Uint8Array.of(0, 1, 1, 1, 1) };
  const subject = subjectOf(network, parameters, { masks });
  t.deepEqual([...(await thresholdMasks(thresholdSigma, subject))['fc1/kernel']], [0, 0, 0, 0, 1]);
  t.deepEqual([...(await thresholdMasks(thresholdGlobal, subject))['fc1/kernel']], [0, 0, 0, 0, 1]);
});

test('q by kernel name; a missing kernel is an error that names it', async (t) => {
  const network = mlp([4, 4, 1]);
  const subject = subjectOf(network, randomParameters(network));
  const one = await thresholdMasks(thresholdSigma, subject, { q: 1 });
  const two = await thresholdMasks(thresholdSigma, subject, { q: 0.3 });
  const both = await thresholdMasks(thresholdSigma, subject, { q: { 'fc1/kernel': 1, 'fc2/kernel': 0.3 } });
  t.deepEqual(both, { 'fc1/kernel': one['fc1/kernel'], 'fc2/kernel': two['fc2/kernel'] });
  await t.throwsAsync(thresholdMasks(thresholdSigma, subject, { q: { 'fc1/kernel': 1 } }), {
    instanceOf: PrunebenchError,
    message: /fc2\/kernel/,
  });
});

test('the global cut: given, or in pooled standard deviations; a weight on the cut stays', async (t) => {
  const network = mlp([2, 1, 2]);
  // Pooled: mean 0.5, deviations -1.5, 0.5, 1.5, -0.5 from it, so sigma = sqrt 1.25 = 1.118.
  const subject = subjectOf(network, kernels(network, { fc1: [-1, 1], fc2: [2, 0] }));
  const masks = async (options: object) => {
    const { 'fc1/kernel': first, 'fc2/kernel': second } = await thresholdMasks(thresholdGlobal, subject, {
      ...options,
    });
    return [...first, ...second];
  };
  t.deepEqual(await masks({ tau: 1 }), [1, 1, 1, 0]);
  t.deepEqual(await masks({ tau: 1.01 }), [0, 0, 1, 0]);
  t.deepEqual(await masks({}), [0, 0, 1, 0]);
  t.deepEqual(await masks({ q: 0.89 }), [1, 1, 1, 0]);
  t.deepEqual(await masks({ q: 0.9 }), [0, 0, 1, 0]);
});

test('tau and q together are refused', (t) => {
  t.false(thresholdGlobal.options.safeParse({ tau: 1, q: 1 }).success);
});
