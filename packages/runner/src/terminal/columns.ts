import { printable } from '@prunebench/core';
import { stringWidth } from '@prunebench/report/tables';

/** A column of a table in the terminal. */
export interface Column<Row> {
  readonly head: string;
  /** Numbers stand at the right. */
  readonly align?: 'left' | 'right';
  text(row: Row): string;
}

/** Rows of text below their heads, each column as wide as its longest text; a column without any text is left out. */
export function columns<Row>(all: readonly Column<Row>[], rows: readonly Row[]): string {
  const filled = all
    .map(({ head, align = 'left', text }) => ({ head, align, texts: rows.map((row) => printable(text(row))) }))
    .filter(({ texts }) => texts.some((text) => text !== ''))
    .map((column) => ({
      ...column,
      width: Math.max(...[column.head, ...column.texts].map((text) => stringWidth(text))),
    }));
  const line = (cell: (column: (typeof filled)[number]) => string) =>
    filled
      .map((column) => {
        const text = cell(column);
        const space = ' '.repeat(column.width - stringWidth(text));
        return column.align === 'left' ? text + space : space + text;
      })
      .join('  ')
      .trimEnd();
  return [line(({ head }) => head), ...rows.map((_, index) => line(({ texts }) => texts[index]))].join('\n');
}
