import test from 'ava';
import { estimate, shown } from '../src/index.ts';
import { PERCENT } from '../src/statistics/estimate.ts';
import { formatEstimate } from '../src/tables/display.ts';
import { madeUpNetwork } from './made-up-records.ts';

test('an interval is cut at the bounds of what is measured, and shown by its ends', (t) => {
  // Errors of two networks that learn something and one that guesses.
  const cut = estimate([11.35, 73.6, 88.65], PERCENT)!;
  t.deepEqual([cut.low, cut.high], [0, 100]);
  t.is(formatEstimate(cut), '57.87 (0.00 to 100.00)');
  const low = estimate([0, 0.5, 0.1], PERCENT)!;
  // Standard deviation sqrt(0.07); t(0.975, 2) = 4.302653.
  const half = (4.302653 * Math.sqrt(0.07)) / Math.sqrt(3);
  t.is(low.low, 0);
  t.is(formatEstimate(low), `0.20 (0.00 to ${(0.2 + half).toFixed(2)})`);
});

test('an interval within the bounds is as it was; so is one of a quantity without any', (t) => {
  const values = [1.9, 2, 2.1];
  t.deepEqual(estimate(values, PERCENT), estimate(values));
  t.is(formatEstimate(estimate(values, PERCENT)!), `2.00 ± ${((4.302653 * 0.1) / Math.sqrt(3)).toFixed(2)}`);
  t.true(estimate([0, 0.5, 0.1])!.low! < 0);
});

test('no spread at a bound, and one seed', (t) => {
  t.is(formatEstimate(estimate([100, 100, 100], PERCENT)!), '100.00 ± 0.00');
  t.is(formatEstimate(estimate([0, 0, 0], PERCENT)!), '0.00 ± 0.00');
  t.is(formatEstimate(estimate([99.5], PERCENT)!), '99.50');
});

test('both ends cut alike: still the ends, for no half-width was computed', (t) => {
  t.is(formatEstimate(estimate([0, 50, 100], PERCENT)!), '50.00 (0.00 to 100.00)');
});

test('every published interval keeps to its bounds: of percentages, parameters, and differences of either', async (t) => {
  const accuracies = await madeUpNetwork({ a: [99.9, 50, 99.8], b: [1, 99, 0.5] });
  const sizes = await madeUpNetwork({ a: [0, 58, 3], b: [58, 0, 57] }, 58);
  for (const [network, most] of [
    [accuracies, 100],
    [sizes, 58],
  ] as const) {
    const cells = network.cells.flatMap(({ accuracy, error, remainingParameters }) =>
      network.measure === 'size' ? [remainingParameters!] : [accuracy!, error!],
    );
    for (const { low, high } of cells) t.true(low! >= 0 && high! <= most);
    const { difference } = shown(network).tests[0]!;
    t.true(difference!.low! >= -most && difference!.high! <= most);
  }
});
