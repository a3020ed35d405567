import { properName } from './display.ts';
import { formatBound, formatNumber, formatPercent } from './format.ts';
import { allPairs, comparePairs, isSeparated, MINIMUM_PAIRS, type PairedTest, TOO_FEW } from './paired-tests.ts';
import type { NetworkSummary, Summary } from './summary.ts';

/**
 * What the paired tests say, a sentence for each pair of series and network: "global beats layer-wise uniform on 5 of 6
 * sparsities of lenet-300-100 (...)". Holm's correction is over all pairs and sparsities that are asked about together,
 * so that naming beforehand the few `pairs` that matter keeps the tests sharp. Without `pairs`: every two series that are
 * not controls.
 */
export function statements(summary: Summary, pairs?: readonly (readonly [string, string])[]): string[] {
  return summary.networks.flatMap((network) => {
    const asked = pairs ?? allPairs(network.series.filter(({ control }) => !control));
    const tests = comparePairs(network, asked);
    if (tests.length > 0 && tests.every(({ note }) => note === TOO_FEW)) {
      return [`Too few seeds of ${placeOf(network)} for paired tests: ${MINIMUM_PAIRS} are needed.`];
    }
    return asked.flatMap(([first, second]) => {
      const ofPair = tests.filter((test) => test.first === first && test.second === second);
      if (ofPair.length === 0) return [];
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
  const basis = basisOf(testable);
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
  if (tTestHolm === null)
    return difference.n < MINIMUM_PAIRS
      ? `${first} and ${second} on ${where}: ${TOO_FEW}, not tested.`
      : `${better} leaves ${fewer} in every one of ${difference.n} seeds.`;
  const basis = basisOf([test]);
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

function basisOf(tests: readonly PairedTest[]): string {
  const counts = tests.map(({ difference }) => difference!.n);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  const seeds = least === most ? `${least}` : `${least} to ${most}`;
  return `paired t over ${seeds} seeds, Holm-corrected over ${tests[0]!.family} tests,`;
}
