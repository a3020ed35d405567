import { STEADY_SPREAD } from '@prunebench/core';

/** A number in a table; nothing for what was not measured. */
export const fixed = (value: number | null, digits = 2) => (value === null ? '' : value.toFixed(digits));

/** A median and, in brackets, the range over rounds; nothing for what was not measured, and no number where the rounds scatter too widely. */
export function withRange(median: number | null, min: number | null, max: number | null, digits = 2): string {
  if (median === null) return '';
  return isWide(min, max) ? 'withheld' : `${fixed(median, digits)} (${fixed(min, digits)}-${fixed(max, digits)})`;
}

/** Whether rounds scatter so widely that their median is not shown; false for what was not measured. */
export function isWide(min: unknown, max: unknown): boolean {
  return typeof min === 'number' && typeof max === 'number' && !(max <= STEADY_SPREAD * min);
}

/** What a table or plot says of the ratios that it withholds; nothing where there are none. */
export function withheldNote(withheld: number, of: number): string[] {
  return withheld === 0
    ? []
    : [`${withheld} of ${of} ratios are withheld: their highest round is more than ${STEADY_SPREAD} times the lowest.`];
}
