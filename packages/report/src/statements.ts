import { properName } from './display.ts';
import { formatBound, formatNumber, formatPercent } from './format.ts';
import {
  allPairs,
  compareSeries,
  isSeparated,
  MINIMUM_PAIRS,
  type PairedTest,
  SAME_IN_EVERY_SEED,
  TOO_FEW,
} from './paired-tests.ts';
import type { NetworkSummary, Summary } from './summary.ts';

/**
 * What the paired tests say, a sentence for each pair of series and network: "global beats layer-wise uniform on 5 of 6
 * sparsities of lenet-300-100 (...)", for the `pairs` that a benchmark asks about, otherwise for every two series that are not
 * controls. The p-values are those of the comparisons' CSV, whose correction does not depend on what is asked.
 */
export function statements(summary: Summary, pairs?: readonly (readonly [string, string])[]): string[] {
  return summary.networks.flatMap((network) => {
    const asked = pairs ?? allPairs(network.series.filter(({ control }) => !control));
    const compared = compareSeries(network);
    const testsOf = ([one, other]: readonly [string, string]) =>
      compared.filter(
        ({ first, second }) => (first === one && second === other) || (first === other && second === one),
      );
    const tests = asked.flatMap(testsOf);
    if (tests.length > 0 && tests.every(({ note }) => note === TOO_FEW)) {
      return [`Too few seeds of ${placeOf(network)} for paired tests: ${MINIMUM_PAIRS} are needed.`];
    }
    return asked.flatMap((pair) => {
      const ofPair = testsOf(pair);
      if (ofPair.length === 0) return [];
      const [first, second] = pair;
      return network.measure === 'size'
        ? ofPair.map((test) => sizeSentence(network, test))
        : [sentence(network, first, second, ofPair)];
    });
  });
}

function sentence(network: NetworkSummary, first: string, second: string, tests: readonly PairedTest[]): string {
  const where = placeOf(network);
  const testable = tests.filter(({ tTestHolm }) => tTestHolm !== null);
  if (testable.length === 0) {
    return `${first} and ${second} on ${where}: ${tests[0]!.note ?? 'no common seeds'}, not tested.`;
  }
  const separated = testable.filter(isSeparated);
  const basis = basisOf(testable, ' at each sparsity');
  if (separated.length === 0) {
    const least = Math.min(...testable.map(({ tTestHolm }) => tTestHolm!));
    return `${first} and ${second} cannot be told apart at any tested sparsity (${testable.length}) of ${where}: ${basis} p ${formatBound(least, 'at least')}.`;
  }
  const wins = separated.filter(({ better }) => better === first);
  const losses = separated.filter(({ better }) => better === second);
  const [winner, loser, won, lost] =
    wins.length >= losses.length ? [first, second, wins, losses] : [second, first, losses, wins];
  const reverse = lost.length === 0 ? '' : `, and loses on ${lost.length} (${listed(lost)})`;
  const largest = Math.max(...separated.map(({ tTestHolm }) => tTestHolm!));
  const many = testable.length === 1 ? 'sparsity' : 'sparsities';
  return `${winner} beats ${loser} on ${won.length} of ${testable.length} ${many} (${listed(won)})${reverse} of ${where}: ${basis} p ${formatBound(largest, 'at most')}.`;
}

function sizeSentence(network: NetworkSummary, test: PairedTest): string {
  const { first, second, better, difference, tTestHolm, note } = test;
  const where = placeOf(network);
  if (difference === null) return `${first} and ${second} on ${where}: ${note ?? 'no common seeds'}, not tested.`;
  if (better === null) return `${first} and ${second} leave equally many parameters of ${where}.`;
  const worse = better === first ? second : first;
  const fewer = `${formatNumber(Math.abs(difference.mean), 1)} fewer parameters of ${where} than ${worse}`;
  if (tTestHolm === null) return `${first} and ${second} on ${where}: ${note}, not tested.`;
  const basis = basisOf([test]);
  if (note === SAME_IN_EVERY_SEED)
    return `${better} leaves ${fewer} in every one of ${difference.n} seeds: ${basis} p ${formatBound(tTestHolm, isSeparated(test) ? 'at most' : 'at least')}.`;
  return isSeparated(test)
    ? `${better} leaves ${fewer} on average: ${basis} p ${formatBound(tTestHolm, 'at most')}.`
    : `${first} and ${second} cannot be told apart on ${where} (${better} leaves ${formatNumber(Math.abs(difference.mean), 1)} fewer parameters on average): ${basis} p ${formatBound(tTestHolm, 'at least')}.`;
}

function placeOf({ network, dataset }: NetworkSummary): string {
  return `${properName(network)} (${properName(dataset)})`;
}

function listed(tests: readonly PairedTest[]): string {
  return tests.map(({ sparsity }) => `${formatPercent(sparsity)} %`).join(', ');
}

function basisOf(tests: readonly PairedTest[], where = ''): string {
  const seeds = rangeOf(tests.map(({ difference }) => difference!.n));
  const family = rangeOf(tests.map((test) => test.family));
  const kinds = tests.map(({ note }) => (note === SAME_IN_EVERY_SEED ? 'exact sign test' : 'paired t'));
  return `${[...new Set(kinds)].sort().reverse().join(' or ')} over ${seeds} seeds, Holm-corrected over the ${family} pairs of series${where},`;
}

function rangeOf(counts: readonly number[]): string {
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  return least === most ? `${least}` : `${least} to ${most}`;
}
