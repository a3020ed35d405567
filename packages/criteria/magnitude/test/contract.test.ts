import { contractViolations, convNet, mlp, residualNet, tensorLeaks } from '@prunebench/testing';
import test from 'ava';
import { criteria } from '../src/index.ts';

const networks = [mlp([5, 4, 3]), convNet(), residualNet()];

for (const criterion of criteria)
  test(`${criterion.id} keeps the criterion's contract on dense, convolutional and residual networks`, async (t) => {
    for (const network of networks) t.deepEqual(await contractViolations(criterion, network), []);
  });

test('ids are unique and in lower case with hyphens', (t) => {
  const ids = criteria.map(({ id }) => id);
  t.is(new Set(ids).size, ids.length);
  for (const id of ids) t.regex(id, /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/);
});

for (const criterion of criteria)
  test.serial(`${criterion.id} leaves no tensor behind, whatever its subject is like`, async (t) => {
    for (const network of networks) t.deepEqual(await tensorLeaks(criterion, network), []);
  });
