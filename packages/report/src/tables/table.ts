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
