import { contractViolations, convNet, mlp, residualNet, tensorLeaks } from '@prunebench/testing';
import test from 'ava';
import { criteria } from '../src/index.ts';

const networks = [mlp([5, 4, 3], { activation: 'tanh' }), convNet(), residualNet()];

for (const criterion of criteria)
  test(`${criterion.id} keeps the criterion's contract on dense, convolutional and residual networks`, async (t) => {
    for (const network of networks) t.deepEqual(await contractViolations(criterion, network), []);
  });

for (const criterion of criteria)
  test.serial(`${criterion.id} leaves no tensor behind, whatever its subject is like`, async (t) => {
    for (const network of networks.slice(0, 2)) t.deepEqual(await tensorLeaks(criterion, network), []);
  });
