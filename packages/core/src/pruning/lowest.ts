/** Numbers that compete, of which only those marked alive count. */
export interface Contestants {
  readonly scores: Float32Array | Float64Array;
  /** 1 = alive */
  readonly alive: Uint8Array;
}

/** The value sought lies between the two, both included. */
interface Bracket {
  readonly low: number;
  readonly high: number;
}

/**
 * The value of the `count`-th lowest live score over all of `contestants`, and how many live scores lie strictly below it.
 *
 * A sample says between which two scores the value must nearly certainly be; only what lies between is sorted. Where the
 * sample was wrong, all live scores are.
 *
 * @param count 1 ... number of live scores; scores are finite
 */
export function lowest(contestants: readonly Contestants[], count: number): { threshold: number; below: number } {
  return (
    lowestBetween(contestants, count, bracketOf(contestants, count)) ??
    lowestBetween(contestants, count, { low: -Infinity, high: Infinity })!
  );
}

/** null where the value is not in the bracket */
function lowestBetween(contestants: readonly Contestants[], count: number, { low, high }: Bracket) {
  let below = 0;
  const inside: number[] = [];
  for (const { scores, alive } of contestants)
    for (let i = 0; i < scores.length; i++) {
      // No branch on who is lower: that is unpredictable, and would double the time.
      below += alive[i] & +(scores[i] < low);
      if ((alive[i] & +(scores[i] >= low) & +(scores[i] <= high)) !== 0) inside.push(scores[i]);
    }
  if (count <= below || count > below + inside.length) return null;
  const sorted = Float64Array.from(inside).sort();
  const threshold = sorted[count - below - 1];
  for (let i = 0; sorted[i] < threshold; i++) below++;
  return { threshold, below };
}

const SAMPLE = 1 << 16;
/** On either side, in standard deviations of the number of sampled scores among the `count` lowest. */
const MARGIN = 5;

function bracketOf(contestants: readonly Contestants[], count: number): Bracket {
  const size = contestants.reduce((sum, { scores }) => sum + scores.length, 0);
  // Odd, since kernels are powers of two wide: an even stride would meet the same few units again and again.
  const stride = Math.ceil(size / SAMPLE) | 1;
  const sample = new Float64Array(Math.ceil(size / stride) + contestants.length);
  let end = 0;
  for (const { scores, alive } of contestants)
    for (let i = 0; i < scores.length; i += stride) if (alive[i] !== 0) sample[end++] = scores[i];
  const sorted = sample.subarray(0, end).sort();
  const rank = count / stride;
  const margin = MARGIN * (Math.sqrt(rank) + 1);
  return {
    low: sorted[Math.floor(rank - margin)] ?? -Infinity,
    high: sorted[Math.ceil(rank + margin)] ?? Infinity,
  };
}
