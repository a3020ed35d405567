import padjust from '@stdlib/stats-padjust';
import ttest from '@stdlib/stats-ttest';
import wilcoxon from '@stdlib/stats-wilcoxon';
import { type Estimate, estimate } from './estimate.ts';
import type { Cell, Measure, NetworkSummary, TrialOutcome } from './summary.ts';

/** Level of all tests and intervals. */
export const ALPHA = 0.05;
/** Fewer pairs are not tested. */
export const MINIMUM_PAIRS = 3;
/** The note of a comparison with fewer. */
export const TOO_FEW = 'too few seeds';

/** Two series at one sparsity, compared on the seeds that both finished. */
export interface PairedTest {
  readonly first: string;
  readonly second: string;
  readonly sparsity: number;
  /**
   * What the table measures of the first minus that of the second, over the paired seeds: accuracy in points, or remaining
   * parameters. Null without a pair.
   */
  readonly difference: Estimate | null;
  /** The series that is better on average: more accurate, or smaller. Null without a pair and for equal means. */
  readonly better: string | null;
  /** Two-sided p of the paired t-test and of Wilcoxon's signed rank test; null where `note` says why there is none. */
  readonly tTest: number | null;
  readonly wilcoxon: number | null;
  /** The same after Holm's correction over the family that was tested together. */
  readonly tTestHolm: number | null;
  readonly wilcoxonHolm: number | null;
  /** How many tests the family has. */
  readonly family: number;
  readonly note: string | null;
}

/** The two p-values of paired samples, or why they cannot be had. */
export function pairedTest(
  first: readonly number[],
  second: readonly number[],
): { tTest: number | null; wilcoxon: number | null; note: string | null } {
  // Differences of percentages carry rounding errors of 1e-14, which must pass neither for variation nor for untied ranks.
  const differences = first.map((value, index) => Number((value - second[index]!).toFixed(9)));
  if (differences.length < MINIMUM_PAIRS) return { tTest: null, wilcoxon: null, note: TOO_FEW };
  if (differences.every((difference) => difference === 0)) return { tTest: 1, wilcoxon: 1, note: null };
  // The library doubles the exact one-sided probability, which exceeds 1 in the middle of the distribution.
  const signedRank = Math.min(1, wilcoxon(differences).pValue);
  if (new Set(differences).size === 1)
    return { tTest: null, wilcoxon: signedRank, note: 'the difference is the same in every seed' };
  return { tTest: ttest(differences, { alpha: ALPHA }).pValue, wilcoxon: signedRank, note: null };
}

/**
 * Compares the given pairs of series at every sparsity of a network where both have results;
 * Holm's correction is over all these tests together.
 */
export function comparePairs(
  network: NetworkSummary,
  pairs: readonly (readonly [string, string])[],
  sparsities: readonly number[] = network.sparsities,
): PairedTest[] {
  const cell = new Map(network.cells.map((each) => [JSON.stringify([each.series, each.sparsity]), each]));
  const tests = sparsities.flatMap((sparsity) =>
    pairs.flatMap(([first, second]) => {
      const [a, b] = [first, second].map((series) => cell.get(JSON.stringify([series, sparsity])));
      return a && b && isMeasured(a, network.measure) && isMeasured(b, network.measure)
        ? [testCells(a, b, network.measure)]
        : [];
    }),
  );
  const tTestHolm = holm(tests.map(({ tTest }) => tTest));
  const wilcoxonHolm = holm(tests.map((test) => test.wilcoxon));
  const family = tests.filter(({ tTest }) => tTest !== null).length;
  return tests.map((test, index) => ({
    ...test,
    tTestHolm: tTestHolm[index]!,
    wilcoxonHolm: wilcoxonHolm[index]!,
    family,
  }));
}

/** Every pair of series of a network, corrected at each sparsity over all pairs: what the ranks of a column rest on. */
export function compareSeries(network: NetworkSummary): PairedTest[] {
  return network.sparsities.flatMap((sparsity) => comparePairs(network, allPairs(network.series), [sparsity]));
}

/** Every unordered pair of series, in the order of the table. */
export function allPairs(series: readonly { readonly name: string }[]): [string, string][] {
  return series.flatMap(({ name }, index) =>
    series.slice(index + 1).map((other): [string, string] => [name, other.name]),
  );
}

/** Whether the corrected test separates the two series: the interval of their difference leaves out 0. */
export function isSeparated({ tTestHolm }: PairedTest): boolean {
  return tTestHolm !== null && tTestHolm <= ALPHA;
}

function isMeasured(cell: Cell, measure: Measure): boolean {
  return (measure === 'size' ? cell.remainingParameters : cell.accuracy) !== null;
}

function testCells(a: Cell, b: Cell, measure: Measure): Omit<PairedTest, 'tTestHolm' | 'wilcoxonHolm' | 'family'> {
  const measuredOf = (trial: TrialOutcome) => (measure === 'size' ? trial.remainingParameters : trial.accuracy);
  const second = new Map(b.trials.map((trial) => [trial.seed, measuredOf(trial)]));
  const pairs = a.trials.flatMap((trial) => {
    const [value, other] = [measuredOf(trial), second.get(trial.seed) ?? null];
    return value === null || other === null ? [] : [[value, other] as const];
  });
  const difference = estimate(pairs.map(([one, other]) => one - other));
  const ahead = (difference?.mean ?? 0) * (measure === 'size' ? -1 : 1);
  return {
    first: a.series,
    second: b.series,
    sparsity: a.sparsity,
    difference,
    better: ahead === 0 ? null : ahead > 0 ? a.series : b.series,
    ...pairedTest(
      pairs.map(([one]) => one),
      pairs.map(([, other]) => other),
    ),
  };
}

function holm(pValues: readonly (number | null)[]): (number | null)[] {
  const tested = pValues.filter((p) => p !== null);
  const adjusted = tested.length === 0 ? [] : padjust(tested, 'holm');
  let next = 0;
  return pValues.map((p) => (p === null ? null : adjusted[next++]!));
}
