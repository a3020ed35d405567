/** Weights and which of them are left (all, without a mask). */
export interface Weights {
  readonly values: Float32Array;
  readonly mask: Uint8Array | undefined;
}

/** Mean and standard deviation (of the population: divisor n) of all weights that are left, in double precision. */
export function momentsOf(...kernels: readonly Weights[]): { mean: number; deviation: number } {
  const over = (term: (value: number) => number) => {
    let sum = 0;
    let count = 0;
    for (const { values, mask } of kernels) {
      for (let i = 0; i < values.length; i++) {
        if (mask?.[i] === 0) continue;
        sum += term(values[i]);
        count++;
      }
    }
    return count === 0 ? 0 : sum / count;
  };
  const mean = over((value) => value);
  return { mean, deviation: Math.sqrt(over((value) => (value - mean) ** 2)) };
}
