/** Numbers that compete, of which only those marked alive count. */
export interface Contestants {
  readonly scores: Float32Array | Float64Array;
  /** 1 = alive */
  readonly alive: Uint8Array;
}

/**
 * The value of the `count`-th lowest live score over all of `contestants`, and how many live scores lie strictly below it.
 *
 * A histogram over the leading 16 bits of the scores' float32 form finds the interval that holds the value; only that
 * interval is sorted. Rounding to float32 keeps the order, so ties and close float64 values end up in one interval.
 *
 * @param count 1 ... number of live scores; scores are finite
 */
export function lowest(contestants: readonly Contestants[], count: number): { threshold: number; below: number } {
  const histogram = new Uint32Array(1 << 16);
  for (const { scores, alive } of contestants)
    for (let i = 0; i < scores.length; i++) histogram[intervalOf(scores[i])] += alive[i];
  let interval = 0;
  let below = 0;
  while (below + histogram[interval] < count) below += histogram[interval++];

  const inside = new Float64Array(histogram[interval]);
  let end = 0;
  for (const { scores, alive } of contestants)
    for (let i = 0; i < scores.length; i++)
      if (intervalOf(scores[i]) === interval && alive[i] !== 0) inside[end++] = scores[i];
  inside.sort();
  const threshold = inside[count - below - 1];
  for (let i = 0; inside[i] < threshold; i++) below++;
  return { threshold, below };
}

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** An integer in [0, 2^16) that does not fall when `score` rises. */
function intervalOf(score: number): number {
  // Adding 0 turns -0 into 0: the two are equal and must not be told apart.
  float[0] = score + 0;
  const word = bits[0];
  return (word >>> 31 === 1 ? ~word : word | 0x80000000) >>> 16;
}
