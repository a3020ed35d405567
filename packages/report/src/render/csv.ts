import { printableLines } from '@prunebench/core';
import { stringify } from 'csv-stringify/sync';
import type { Table } from '../tables/table.ts';

/**
 * A table as the text of a CSV file, for R, pandas and spreadsheets alike. A missing value is an empty field, and so is a number that
 * is not finite, for which every reader has another word; control characters other than line breaks and tabs are written out.
 */
export function renderCsv({ columns, rows }: Table): string {
  const texts = rows.map((row) => row.map((values) => values.map(({ text }) => text).join('; ')));
  return stringify([[...columns], ...texts], {
    record_delimiter: 'unix',
    cast: { string: (text) => (/^(NaN|-?Infinity)$/.test(text) ? '' : printableLines(text)) },
  });
}
