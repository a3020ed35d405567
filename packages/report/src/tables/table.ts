import { PrunebenchError } from '@prunebench/core';
import type { Standing } from '../statistics/ranks.ts';

/** A table as data: Markdown, CSV and whatever else there may be are made of this alone. */
export interface Table {
  /** Heads of the columns. */
  readonly columns: readonly string[];
  readonly rows: readonly (readonly TableCell[])[];
}

/** What stands in one cell: nothing, a value, or several values of papers. */
export type TableCell = readonly Value[];

/** A name or a number as people read it; how it is set apart is the renderer's business. */
export interface Value {
  /** Plain text, nothing escaped. */
  readonly text: string;
  /** The best of its column, or level with it. */
  readonly standing?: Standing | undefined;
  /** What is said behind it: another sparsity, collapsed and failed seeds. */
  readonly remarks?: readonly string[];
  /** Printed in a paper, not measured here. */
  readonly published?: boolean;
}

/** A cell with one value; none where the text is empty and nothing is said behind it. */
export function cell(text: string | undefined, more: Omit<Value, 'text'> = {}): TableCell {
  const { remarks = [] } = more;
  return (text ?? '') === '' && remarks.length === 0 ? [] : [{ ...more, text: text ?? '' }];
}

/** A table of plain texts, one column after the other: for each, its head and what a row has there. */
export function tableOf<Row>(
  columns: readonly { readonly head: string; text(row: Row): string | undefined }[],
  rows: readonly Row[],
): Table {
  return {
    columns: columns.map(({ head }) => head),
    rows: rows.map((row) => columns.map(({ text }) => cell(text(row)))),
  };
}

/** Which rows and columns of a table are wanted, by the text of a row's first cell and by the heads; all where left out. */
export interface TablePart {
  readonly rows?: readonly string[] | undefined;
  readonly columns?: readonly string[] | undefined;
}

/**
 * The wanted part of a table, rows in the order in which they are named; the first column stays.
 *
 * @throws PrunebenchError for a name that no row or column has, with those there are
 */
export function partOf(table: Table, { rows, columns }: TablePart): Table {
  const names = table.rows.map(([first]) => first?.map(({ text }) => text).join(', ') ?? '');
  const chosen = rows?.map((name) => table.rows[placeOf(name, names, 'row')]) ?? table.rows;
  const places = columns && [0, ...columns.map((name) => placeOf(name, table.columns, 'column'))];
  const pick = <T>(all: readonly T[]) => places?.map((place) => all[place]) ?? all;
  return { columns: pick(table.columns), rows: chosen.map(pick) };
}

function placeOf(name: string, names: readonly string[], what: 'row' | 'column'): number {
  const place = names.indexOf(name);
  if (place < 0)
    throw new PrunebenchError(`The table has no ${what} '${name}'.`, {
      remedy: `Its ${what}s are: ${names.filter((each) => each !== '').join('; ')}.`,
    });
  return place;
}
