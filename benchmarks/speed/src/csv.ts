import { stringify } from 'csv-stringify/sync';

/** Measurements as CSV, each row with where it comes from: snake_case columns, numbers to four digits. */
export function csvOf(rows: readonly object[], provenance: object): string {
  return stringify(
    rows.map((row) => readable({ ...row, ...provenance })),
    { header: true },
  );
}

function readable(row: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value,
    ]),
  );
}
