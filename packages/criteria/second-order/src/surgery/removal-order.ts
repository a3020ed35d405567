/**
 * Scores under which `select` reproduces a greedy order of removals: the loss at each removal, made strictly increasing
 * along the order (running maximum; equal values differ in their last bit). So for one elimination any k lowest scores
 * are its first k removals, and several eliminations (one per output unit or block) merge by loss, each as a prefix of its
 * own order (Frantar et al. 2022, "global step").
 *
 * @returns one score per entry of `order`
 */
export function removalOrderScores(losses: Float64Array): Float64Array {
  let last = Number.NEGATIVE_INFINITY;
  return losses.map((loss) => {
    last = loss > last ? loss : nextAbove(last);
    return last;
  });
}

/**
 * The same, but the t-th removal scores as much as the t-th smallest loss: several eliminations then give up as many weights as
 * they have losses below the common threshold, which is how the program of Frantar et al. 2022 merges them. Where losses fall
 * along the order it is not greedy: it counts cheap removals that only dearer ones before them make possible.
 *
 * @returns one score per entry of the order
 */
export function sortedLossScores(losses: Float64Array): Float64Array {
  return removalOrderScores(losses.toSorted());
}

/** The next larger float64 of a number that is not negative. */
function nextAbove(value: number): number {
  return value + Math.max(value * Number.EPSILON, Number.MIN_VALUE);
}
