import type { Cell } from '../summary/cell.ts';
import type { NetworkSummary } from '../summary/summary.ts';
import type { Compared } from './compared.ts';
import { type Differences, pairedDifferences } from './differences.ts';
import { type Estimate, estimate } from './estimate.ts';
import { holmCorrected } from './holm.ts';
import { signedRankP } from './signed-rank.ts';
import { studentP } from './student.ts';

/** Level of all tests and intervals. */
const ALPHA = 0.05;
/** Fewer pairs are not tested. */
export const MINIMUM_PAIRS = 3;
/** The note of a comparison with fewer. */
export const TOO_FEW = 'too few seeds';
/** The note of a comparison whose difference does not vary, so that no t can be had. */
export const SAME_IN_EVERY_SEED = 'the difference is the same in every seed: exact sign test in place of t';

/** Two series at one sparsity, compared on the seeds that both finished. */
export interface PairedTest {
  readonly first: string;
  readonly second: string;
  /** The point of the network's axis. */
  readonly at: number;
  /**
   * What the table compares of the first minus that of the second, over the paired seeds. Null without a pair.
   */
  readonly difference: Estimate | null;
  /** The series that is better on average. Null without a pair and for equal means. */
  readonly better: string | null;
  /**
   * Two-sided p of the paired t-test (of the exact sign test where `note` says so) and of Wilcoxon's signed rank test; null where
   * there are too few pairs.
   */
  readonly tTest: number | null;
  readonly wilcoxon: number | null;
  /** The same after Holm's correction over the family: every pair of series of the network at this point. */
  readonly tTestHolm: number | null;
  readonly wilcoxonHolm: number | null;
  /** How many tests the family has. */
  readonly family: number;
  readonly note: string | null;
}

/** The p-values of paired samples; without them where the note says why. */
type PValues = Pick<PairedTest, 'tTest' | 'wilcoxon' | 'note'>;

/**
 * The two p-values of paired samples. A difference that is the same in every seed, and not 0, has no t; what can be said of it
 * without assuming a distribution is that all n signs agree: 2 / 2^n, the exact sign test.
 *
 * @throws PrunebenchError for samples of different lengths and for values that are not finite
 */
export function pairedTest(first: readonly number[], second: readonly number[]): PValues {
  return testDifferences(pairedDifferences(first, second));
}

function testDifferences({ values }: Differences): PValues {
  if (values.length < MINIMUM_PAIRS) return { tTest: null, wilcoxon: null, note: TOO_FEW };
  const wilcoxon = signedRankP(values);
  const largest = Math.max(...values.map(Math.abs));
  if (largest === 0) return { tTest: 1, wilcoxon, note: null };
  // Of equal differences Wilcoxon's test sees the signs alone: its p is the sign test's.
  if (new Set(values).size === 1) return { tTest: wilcoxon, wilcoxon, note: SAME_IN_EVERY_SEED };
  // t does not depend on the unit; in this one the squares neither vanish nor overflow.
  const scaled = values.map((value) => value / largest);
  return { tTest: studentP(scaled), wilcoxon, note: null };
}

/**
 * Compares every pair of series of a network at every point where both have results. Holm's correction is over all pairs of
 * one point together; it is the only one: the ranks, the marks in tables, the sentences and the CSV have their p-values from here.
 * The strengths of two penalties are no common point, so that there is nothing to compare on their axis.
 */
export function compareSeries(network: NetworkSummary, compared: Compared): PairedTest[] {
  if (network.axis === 'lambda') return [];
  const cell = new Map(network.cells.map((each) => [JSON.stringify([each.series, each.at]), each]));
  return network.points.flatMap((at) =>
    corrected(
      allPairs(network.series).flatMap(([first, second]) => {
        const [a, b] = [first, second].map((series) => cell.get(JSON.stringify([series, at])));
        return a && b && compared.over(a) !== null && compared.over(b) !== null
          ? [testCells(a, b, compared, compared.largestDifference(network))]
          : [];
      }),
    ),
  );
}

/**
 * The same for cells that are compared one to one, such as those of two tables: `first` and `second` are their series. Holm's
 * correction is over all of them together.
 *
 * @param most the largest difference that two seeds can have
 */
export function compareCells(
  pairs: readonly (readonly [Cell, Cell])[],
  compared: Compared,
  most: number,
): PairedTest[] {
  return corrected(pairs.map(([a, b]) => testCells(a, b, compared, most)));
}

/** Every unordered pair of series, in the order of the table. */
export function allPairs(series: readonly { readonly name: string }[]): [string, string][] {
  return series.flatMap(({ name }, index) =>
    series.slice(index + 1).map((other): [string, string] => [name, other.name]),
  );
}

/** Whether the corrected test separates the two series at the level of all tests. */
export function isSeparated({ tTestHolm }: PairedTest): boolean {
  return tTestHolm !== null && tTestHolm <= ALPHA;
}

type Uncorrected = Omit<PairedTest, 'tTestHolm' | 'wilcoxonHolm' | 'family'>;

function testCells(a: Cell, b: Cell, compared: Compared, most: number): Uncorrected {
  const second = new Map(b.trials.map((trial) => [trial.seed, compared.of(trial)]));
  const pairs = a.trials.flatMap((trial) => {
    const [value, other] = [compared.of(trial), second.get(trial.seed) ?? null];
    return value === null || other === null ? [] : [[value, other] as const];
  });
  const differences = pairedDifferences(
    pairs.map(([one]) => one),
    pairs.map(([, other]) => other),
  );
  const difference = estimate(differences.values, [-most, most]);
  const ahead = (difference?.mean ?? 0) * (compared.better === 'lower' ? -1 : 1);
  return {
    first: a.series,
    second: b.series,
    at: a.at,
    difference,
    better: Math.abs(ahead) <= differences.noise ? null : ahead > 0 ? a.series : b.series,
    ...testDifferences(differences),
  };
}

/** Adds Holm's correction over all the tests that could be made. */
function corrected(tests: readonly Uncorrected[]): PairedTest[] {
  const tTestHolm = holm(tests.map(({ tTest }) => tTest));
  const wilcoxonHolm = holm(tests.map(({ wilcoxon }) => wilcoxon));
  const family = tests.filter(({ tTest }) => tTest !== null).length;
  return tests.map((test, index) => ({
    ...test,
    tTestHolm: tTestHolm[index],
    wilcoxonHolm: wilcoxonHolm[index],
    family,
  }));
}

function holm(pValues: readonly (number | null)[]): (number | null)[] {
  const tested = pValues.filter((p) => p !== null);
  const adjusted = holmCorrected(tested);
  let next = 0;
  return pValues.map((p) => (p === null ? null : adjusted[next++]));
}
