import { contractViolations, convNet, mlp, residualNet } from '@prunebench/testing';
import test from 'ava';
import { criteria } from '../src/index.ts';

for (const criterion of criteria)
  test(`${criterion.id} keeps the criterion's contract on dense, convolutional and residual networks`, async (t) => {
    const options = criterion.id === 'grasp' ? { samplesPerClass: 2 } : {};
    for (const network of [mlp([5, 4, 3]), convNet(), residualNet()])
      t.deepEqual(await contractViolations(criterion, network, options), []);
  });
