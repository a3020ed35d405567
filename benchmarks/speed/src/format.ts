/** A number in a table; nothing for what was not measured. */
export const fixed = (value: number | null, digits = 2) => (value === null ? '' : value.toFixed(digits));

/** A median and, in brackets, the range over rounds; nothing for what was not measured. */
export function withRange(median: number | null, min: number | null, max: number | null, digits = 2): string {
  return median === null ? '' : `${fixed(median, digits)} (${fixed(min, digits)}-${fixed(max, digits)})`;
}
