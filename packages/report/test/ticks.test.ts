import test from 'ava';
import { logDomain, logTicks } from '../src/plots/ticks.ts';
import { formatPercent } from '../src/tables/format.ts';

test('ticks are round numbers inside the axis, at least one', (t) => {
  t.deepEqual(logTicks([0.9, 1200]), [1, 10, 100, 1000]);
  t.deepEqual(logTicks([1.8, 112]), [2, 5, 10, 20, 50, 100]);
  t.deepEqual(logTicks([1.3, 12]), [1.5, 2, 3, 4, 5, 7, 10]);
  t.deepEqual(logTicks([9.1, 9.9]), [9.5]);
});

test('the domain leaves room at both ends', (t) => {
  t.deepEqual(logDomain([4, 8, 2], 2), [1, 16]);
});

test('sparsities near 100 % keep the decimals that tell them from it', (t) => {
  const shares = [0, 0.5, 0.68377, 0.98, 1 - 10 ** -3.5, 1 - 1e-4, 1 - 1e-5, 1 - 10 ** -5.5];
  t.deepEqual(
    shares.map((share) => formatPercent(share)),
    ['0', '50', '68.38', '98', '99.97', '99.99', '99.999', '99.9997'],
  );
});
