import { spreadsheetText } from '@prunebench/core';
import { stringify } from 'csv-stringify/sync';
import type { Table } from '../tables/table.ts';

/**
 * A table as the text of a CSV file, for R, pandas and spreadsheets alike. A missing value is an empty field, and so is a number that
 * is not finite, for which every reader has another word; control characters other than line breaks and tabs are written out, and
 * what a spreadsheet would compute has an apostrophe before it.
 */
export function renderCsv({ columns, rows }: Table): string {
  const texts = rows.map((row) => row.map((values) => values.map(({ text }) => text).join('; ')));
  return stringify([[...columns], ...texts], {
    record_delimiter: 'unix',
    cast: { string: (text) => (/^(NaN|-?Infinity)$/.test(text) ? '' : spreadsheetText(text)) },
  });
}
