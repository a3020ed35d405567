/**
 * Sums a term over the incoming weights of each unit. Kernels keep their output unit in the last dimension:
 * [in, units] or [height, width, channels, filters].
 *
 * @returns [units]
 */
export function sumIncoming(
  values: Float32Array,
  units: number,
  term: (weight: number, flat: number) => number,
): Float64Array {
  const sums = new Float64Array(units);
  for (let i = 0; i < values.length; i++) sums[i % units] += term(values[i], i);
  return sums;
}
