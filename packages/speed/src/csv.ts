import { spreadsheetText } from '@prunebench/core';
import { stringify } from 'csv-stringify/sync';
import { isWide } from './format.ts';

/**
 * Measurements as CSV, each row with where it comes from: snake_case columns, numbers to four digits, TRUE and FALSE as R reads
 * them. A ratio with its range (`x`, `xMin`, `xMax`) that scatters too widely is left empty, and `x_withheld` says so.
 */
export function csvOf(rows: readonly object[], provenance: object): string {
  return stringify(
    rows.map((row) => readable({ ...withoutWideRatios(row), ...provenance })),
    { header: true },
  );
}

function withoutWideRatios(row: object): object {
  const values = new Map<string, unknown>(Object.entries(row));
  return Object.fromEntries(
    [...values].flatMap(([name, value]): [string, unknown][] => {
      const ratio = name.replace(/(Min|Max)$/, '');
      if (!values.has(`${ratio}Min`) || !values.has(`${ratio}Max`)) return [[name, value]];
      const withheld = isWide(values.get(`${ratio}Min`), values.get(`${ratio}Max`));
      const shown: [string, unknown] = [name, withheld ? null : value];
      return name === `${ratio}Max` ? [shown, [`${ratio}Withheld`, withheld]] : [shown];
    }),
  );
}

function readable(row: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      typeof value === 'number'
        ? digits(value)
        : typeof value === 'boolean'
          ? String(value).toUpperCase()
          : worded(value),
    ]),
  );
}

/** Names of layers and machines, of which a spreadsheet is to compute nothing. */
function worded(value: unknown): unknown {
  return typeof value === 'string' ? spreadsheetText(value) : value;
}

/** Nothing for what is no finite number: neither R nor pandas reads the words that JavaScript has for it. */
function digits(value: number): number | null {
  if (!Number.isFinite(value)) return null;
  return Number.isInteger(value) ? value : Number(value.toPrecision(4));
}
