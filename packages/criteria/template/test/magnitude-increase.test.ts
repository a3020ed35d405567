import { contractViolations, convNet, kernels, mlp, randomParameters, score, subjectOf } from '@prunebench/testing';
import test from 'ava';
import { magnitudeIncrease } from '../src/index.ts';

test('keeps the contract on a dense and a convolutional network', async (t) => {
  for (const network of [mlp([5, 4, 3]), convNet()])
    t.deepEqual(await contractViolations(magnitudeIncrease, network), []);
});

// The oracle: numbers that can be checked by hand.
test('grown weights score above shrunken ones, whatever their sign', async (t) => {
  const network = mlp([2, 2]);
  const subject = subjectOf(network, kernels(network, { fc1: [3, -2, 0.5, 0] }), {
    initialParameters: kernels(network, { fc1: [1, 1, -1, 3] }),
  });
  const scores = await score(magnitudeIncrease, subject, { relative: false });
  t.deepEqual([...scores['fc1/kernel']], [2, 1, -0.5, -3]);
  const relative = await score(magnitudeIncrease, subject, { relative: true });
  t.deepEqual([...relative['fc1/kernel']], [1, 0.5, -0.25, -0.75]);
});

// The limit case: a property that holds for any weights.
test('from an initialization of zeros it is the magnitude', async (t) => {
  const network = mlp([5, 4]);
  const parameters = randomParameters(network);
  const initialParameters = kernels(network, { fc1: new Array(20).fill(0) });
  const scores = await score(magnitudeIncrease, subjectOf(network, parameters, { initialParameters }), {
    relative: false,
  });
  t.deepEqual(scores['fc1/kernel'], parameters['fc1/kernel'].values.map(Math.abs));
});
