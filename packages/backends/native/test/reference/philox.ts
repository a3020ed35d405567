const WORD = (1n << 32n) - 1n;

/**
 * Philox4x32-10 (Salmon et al. 2011) in whole numbers without a bound: element i is word i mod 4 of the block of counter
 * (floor(i / 4), 0, update, batch), as a uniform number in (0, 1).
 */
export function uniformNoise(size: number, key: readonly number[], counter: readonly number[]): Float64Array {
  const values = new Float64Array(size);
  for (let i = 0; i < size; i += 4) {
    let x = [i / 4, 0, ...counter].map(BigInt);
    let [k0, k1] = key.map(BigInt) as [bigint, bigint];
    for (let round = 0; round < 10; round++) {
      const [first, second] = [x[0]! * 0xd2511f53n, x[2]! * 0xcd9e8d57n];
      x = [(second >> 32n) ^ x[1]! ^ k0, second & WORD, (first >> 32n) ^ x[3]! ^ k1, first & WORD];
      [k0, k1] = [(k0 + 0x9e3779b9n) & WORD, (k1 + 0xbb67ae85n) & WORD];
    }
    for (let j = 0; j < 4 && i + j < size; j++) values[i + j] = (Number(x[j]! >> 9n) + 0.5) / 2 ** 23;
  }
  return values;
}

/** Box & Muller (1958) over its pairs. */
export function normalNoise(size: number, key: readonly number[], counter: readonly number[]): Float64Array {
  const u = uniformNoise(size + (size % 2), key, counter);
  return Float64Array.from({ length: size }, (_, i) => {
    const pair = i - (i % 2);
    const angle = 2 * Math.PI * u[pair + 1]!;
    return Math.sqrt(-2 * Math.log(u[pair]!)) * (i % 2 === 0 ? Math.cos(angle) : Math.sin(angle));
  });
}
