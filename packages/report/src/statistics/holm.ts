/**
 * Holm's step-down correction (Holm 1979, Scandinavian Journal of Statistics 6): of m p-values the k-th smallest, counted from 0, is
 * multiplied by m - k, is at least what the one before it became, and at most 1.
 *
 * @returns the corrected values in the order of `pValues`
 */
export function holmCorrected(pValues: readonly number[]): number[] {
  const order = [...pValues.keys()].sort((a, b) => pValues[a]! - pValues[b]!);
  const corrected = new Array<number>(pValues.length);
  let least = 0;
  order.forEach((index, k) => {
    least = Math.max(least, Math.min(1, (pValues.length - k) * pValues[index]!));
    corrected[index] = least;
  });
  return corrected;
}
