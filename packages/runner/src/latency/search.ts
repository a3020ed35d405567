/** The lowest sparsity at which a pruned network is fast enough: a bisection over measured times. */

/** What a network took, as a share of what it takes with nothing pruned; null where it cannot be pruned that far. */
export type MeasureShare = (sparsity: number) => Promise<number | null>;

/** How a search ended. */
export type Search =
  | { readonly found: true; readonly sparsity: number; readonly share: number }
  /** With the fastest of what was measured, if anything was. */
  | { readonly found: false; readonly fastest: { readonly sparsity: number; readonly share: number } | undefined };

/** The sparsities that are searched, ascending: percent by percent, and in tenths from 99 % on. */
export const SEARCHED: readonly number[] = [
  ...Array.from({ length: 100 }, (_, percent) => percent / 100),
  ...Array.from({ length: 9 }, (_, tenth) => (991 + tenth) / 1000),
];

/** How many networks a search measures at most. */
export const MOST_MEASURED = Math.ceil(Math.log2(SEARCHED.length + 1));

/**
 * Bisects for the lowest of the sparsities whose share is at most `share`. Where times fall as weights go, it is that one; where they
 * scatter, one that was measured to be fast enough while its neighbour below was measured not to be.
 *
 * @param measure asked once for a sparsity, however often it is met
 */
export async function searchSparsity(
  share: number,
  measure: MeasureShare,
  sparsities: readonly number[] = SEARCHED,
): Promise<Search> {
  const measured = new Map<number, number | null>();
  let [low, high] = [0, sparsities.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const value = await measure(sparsities[middle]);
    measured.set(sparsities[middle], value);
    if (value === null || value <= share) high = middle;
    else low = middle + 1;
  }
  const found = measured.get(sparsities[high] ?? Number.NaN);
  if (typeof found === 'number') return { found: true, sparsity: sparsities[high], share: found };
  const shares = [...measured].flatMap(([sparsity, value]) => (value === null ? [] : [{ sparsity, share: value }]));
  return { found: false, fastest: shares.toSorted((a, b) => a.share - b.share)[0] };
}
