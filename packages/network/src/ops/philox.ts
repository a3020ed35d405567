/** Two unsigned 32-bit words that name a stream of random numbers. */
export interface NoiseKey {
  readonly low: number;
  readonly high: number;
}

type Block = [number, number, number, number];

const ROUNDS = 10;
const MULTIPLIERS = [0xd2511f53, 0xcd9e8d57] as const;
/** What the key's words grow by in each round: from the golden ratio and the square root of 3. */
const WEYL = [0x9e3779b9, 0xbb67ae85] as const;

/**
 * Four random words as a function of a counter and a key: Philox4x32-10 (Salmon, Moraes, Dror & Shaw 2011, "Parallel random
 * numbers: as easy as 1, 2, 3").
 *
 * @param counter four unsigned 32-bit words
 * @returns four unsigned 32-bit words
 */
export function philox4x32(counter: Readonly<Block>, key: NoiseKey): Block {
  let [a, b, c, d] = counter;
  let { low, high } = key;
  for (let round = 0; round < ROUNDS; round++) {
    [a, b, c, d] = [
      (productHigh(c, MULTIPLIERS[1]) ^ b ^ low) >>> 0,
      Math.imul(c, MULTIPLIERS[1]) >>> 0,
      (productHigh(a, MULTIPLIERS[0]) ^ d ^ high) >>> 0,
      Math.imul(a, MULTIPLIERS[0]) >>> 0,
    ];
    low = (low + WEYL[0]) >>> 0;
    high = (high + WEYL[1]) >>> 0;
  }
  return [a, b, c, d];
}

/** The upper 32 bits of a product of two unsigned words, by halves: no sum here reaches 2^32 but the last, which is the result. */
function productHigh(a: number, b: number): number {
  const [aLow, aHigh, bLow, bHigh] = [a & 0xffff, a >>> 16, b & 0xffff, b >>> 16];
  const first = aHigh * bLow + ((aLow * bLow) >>> 16);
  const second = aLow * bHigh + (first & 0xffff);
  return aHigh * bHigh + (first >>> 16) + (second >>> 16);
}
