import { allPairs, MINIMUM_PAIRS, TOO_FEW } from '../statistics/paired-tests.ts';
import type { Summary } from '../summary/summary.ts';
import type { Shown } from './kind.ts';
import { allShown } from './kinds.ts';
import { placeOf } from './sentences.ts';

type Pair = readonly [string, string];

/**
 * What the paired tests say, a sentence or more for each pair of series and network, for the `pairs` that a benchmark asks about,
 * otherwise for every two series that are not controls. The p-values are those of the comparisons' CSV, whose correction does not
 * depend on what is asked.
 */
export function statements(summary: Summary, pairs?: readonly Pair[]): string[] {
  return statementsOf(allShown(summary), pairs);
}

/** The same of networks whose tests were made before. */
export function statementsOf(shown: readonly Shown[], pairs?: readonly Pair[]): string[] {
  return shown.flatMap(({ network, kind, tests }) => {
    const asked = pairs ?? allPairs(network.series.filter(({ control }) => !control));
    const testsOf = ([one, other]: Pair) =>
      tests.filter(({ first, second }) => (first === one && second === other) || (first === other && second === one));
    const relevant = asked.flatMap(testsOf);
    if (relevant.length > 0 && relevant.every(({ note }) => note === TOO_FEW))
      return [`Too few seeds of ${placeOf(network)} for paired tests: ${MINIMUM_PAIRS} are needed.`];
    return asked.flatMap((pair) => {
      const ofPair = testsOf(pair);
      return ofPair.length === 0 ? [] : kind.sentences(network, pair, ofPair);
    });
  });
}
