/**
 * Two-sided p-value of Wilcoxon's signed rank test (Wilcoxon 1945, Biometrics Bulletin 1), exact for any number of
 * differences: zeros are dropped, ties share the middle of their ranks, and the distribution is that of the positive ranks' sum
 * over all 2^n signs. 1 when every difference is zero.
 */
export function signedRankP(differences: readonly number[]): number {
  const ranked = differences.filter((difference) => difference !== 0);
  const ranks = doubledRanks(ranked.map(Math.abs));
  const total = ranks.reduce((sum, rank) => sum + rank, 0);
  const positive = ranks.reduce((sum, rank, index) => sum + (ranked[index] > 0 ? rank : 0), 0);
  return Math.min(1, 2 * probabilityUpTo(Math.min(positive, total - positive), ranks));
}

/** Twice the rank of every size: middles of ranks are halves, their doubles whole numbers. */
function doubledRanks(sizes: readonly number[]): number[] {
  const sorted = sizes.toSorted((a, b) => a - b);
  return sizes.map((size) => sorted.indexOf(size) + sorted.lastIndexOf(size) + 2);
}

/** The probability that the ranks whose sign is positive sum to `most` or less, every sign being as likely as its opposite. */
function probabilityUpTo(most: number, ranks: readonly number[]): number {
  const probability = new Float64Array(most + 1);
  probability[0] = 1;
  for (const rank of ranks) {
    for (let sum = most; sum >= 0; sum--) {
      probability[sum] = (probability[sum] + (sum >= rank ? probability[sum - rank] : 0)) / 2;
    }
  }
  return probability.reduce((sum, each) => sum + each, 0);
}
