/** What every criterion of the suite keeps, whatever its formula. */
import { contractViolations, convNet, mlp, residualNet, tensorLeaks } from '@prunebench/testing';
import test from 'ava';
import { loadRegistry } from '../src/registry.ts';

const networks = [mlp([5, 4, 3]), mlp([5, 4, 3], { activation: 'tanh' }), convNet(), residualNet()];
const criteria = [...(await loadRegistry()).criteria.values()];

/** What some criteria ask of a network or of the training before them, whose own tests say so. */
const suitable: Readonly<Record<string, typeof networks>> = {
  // There is batch norm in it.
  'batch-norm-scale': [residualNet()],
  // It reads sums over a training, which a subject that was drawn at random does not have.
  'karnin-sensitivity': [],
};

for (const criterion of criteria)
  test.serial(`${criterion.id} keeps the contract on dense, convolutional and residual networks`, async (t) => {
    t.pass();
    for (const network of suitable[criterion.id] ?? networks)
      t.deepEqual(await contractViolations(criterion, network), []);
  });

// The passes through a residual network are those of a convolutional one, and take minutes where a subject is scored five times.
for (const criterion of criteria)
  test.serial(`${criterion.id} leaves no tensor behind, whatever its subject is like`, async (t) => {
    t.pass();
    for (const network of (suitable[criterion.id] ?? networks).slice(0, 3))
      t.deepEqual(await tensorLeaks(criterion, network), []);
  });
