import { isSeparated, type PairedTest, SAME_IN_EVERY_SEED } from '../statistics/paired-tests.ts';
import type { NetworkSummary } from '../summary/summary.ts';
import { axisWords, properName } from './display.ts';
import { formatBound } from './format.ts';

/** At how many points one series beats another: "global beats layer-wise uniform on 5 of 6 sparsities of lenet-300-100 (...)". */
export function countedWins(
  network: NetworkSummary,
  [first, second]: readonly [string, string],
  tests: readonly PairedTest[],
): readonly string[] {
  return [sentence(network, first, second, tests)];
}

function sentence(network: NetworkSummary, first: string, second: string, tests: readonly PairedTest[]): string {
  const where = placeOf(network);
  const { one, many } = axisWords[network.axis];
  const testable = tests.filter(({ tTestHolm }) => tTestHolm !== null);
  if (testable.length === 0) {
    return `${first} and ${second} on ${where}: ${tests[0].note ?? 'no common seeds'}, not tested.`;
  }
  const separated = testable.filter(isSeparated);
  const basis = basisOf(testable, ` at each ${one}`);
  if (separated.length === 0) {
    const least = Math.min(...testable.map(({ tTestHolm }) => tTestHolm!));
    return `${first} and ${second} cannot be told apart at any tested ${one} (${testable.length}) of ${where}: ${basis} p ${formatBound(least, 'at least')}.`;
  }
  const wins = separated.filter(({ better }) => better === first);
  const losses = separated.filter(({ better }) => better === second);
  const [winner, loser, won, lost] =
    wins.length >= losses.length ? [first, second, wins, losses] : [second, first, losses, wins];
  const reverse = lost.length === 0 ? '' : `, and loses on ${lost.length} (${listed(network, lost)})`;
  const largest = Math.max(...separated.map(({ tTestHolm }) => tTestHolm!));
  const points = testable.length === 1 ? one : many;
  return `${winner} beats ${loser} on ${won.length} of ${testable.length} ${points} (${listed(network, won)})${reverse} of ${where}: ${basis} p ${formatBound(largest, 'at most')}.`;
}

/** "LeNet-5 (MNIST)" */
export function placeOf({ network, dataset }: NetworkSummary): string {
  return `${properName(network)} (${properName(dataset)})`;
}

function listed({ axis }: NetworkSummary, tests: readonly PairedTest[]): string {
  return tests.map(({ at }) => axisWords[axis].label(at)).join(', ');
}

/** Which tests a sentence rests on: kind, seeds and family. */
export function basisOf(tests: readonly PairedTest[], where = ''): string {
  const seeds = rangeOf(tests.map(({ difference }) => difference!.n));
  const family = rangeOf(tests.map((test) => test.family));
  const kinds = tests.map(({ note }) => (note === SAME_IN_EVERY_SEED ? 'exact sign test' : 'paired t'));
  return `${[...new Set(kinds)].sort().reverse().join(' or ')} over ${seeds} seeds, Holm-corrected over the ${family} pairs of series${where},`;
}

function rangeOf(counts: readonly number[]): string {
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  return least === most ? `${least}` : `${least} to ${most}`;
}
