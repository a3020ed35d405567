import { applyMasks, costOf, randomStream, unitsLeft } from '@prunebench/core';
import { outputs, randomBatch, randomParameters, relativeError } from '@prunebench/testing';
import test from 'ava';
import fc from 'fast-check';
import { shrink } from '../src/index.ts';
import { randomMasks } from './random-masks.ts';
import { randomNetwork } from './random-network.ts';

/** Outputs of float32 sums in two orders. */
const BOUND = 1e-5;

test('random networks under random masks: the shrunk network gives the masked one’s outputs, and shrinks no further', (t) => {
  let smaller = 0;
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e9 }), (seed) => {
      const random = randomStream(seed, 'surgery');
      const network = randomNetwork(random.fork('network'));
      const parameters = randomParameters(network, seed);
      const masks = randomMasks(network, random.fork('masks'));
      const batch = randomBatch(network, 3);
      const shrunk = shrink(network, { parameters, masks });
      const expected = outputs(network, applyMasks(parameters, masks), batch);
      const actual = outputs(shrunk.network, applyMasks(shrunk.state.parameters, shrunk.state.masks), batch);
      t.true(relativeError(actual, expected) <= BOUND, `seed ${seed}: ${relativeError(actual, expected)}`);

      const again = shrink(shrunk.network, shrunk.state);
      t.deepEqual(again.network, shrunk.network, `seed ${seed}: a second time changes nothing`);

      const [before, after] = [costOf(network, masks), costOf(shrunk.network, shrunk.state.masks)];
      t.true(after.multiplyAdds.remaining <= before.multiplyAdds.remaining);
      t.is(after.effective.remaining, before.effective.remaining, `seed ${seed}: what is on a path stays`);
      t.true(unitsLeft(shrunk.network).length > 0);
      if (after.parameters.total < before.parameters.total) smaller++;
    }),
    { numRuns: 400 },
  );
  t.true(smaller > 200, `${smaller} became smaller`);
});
