import { parse } from 'csv-parse/sync';
import { z } from 'zod';

/** One value of a published table that is not what the records give. */
export interface ChangedValue {
  /** What stands above the table in a Markdown file; null in a CSV file, which is one table. */
  readonly table: string | null;
  /** What the row is of: "mnist, lenet-300-100, SNIP, 95". */
  readonly row: string;
  readonly column: string;
  readonly expected: string;
  readonly found: string;
}

/** A line of a table, taken apart. */
interface Row {
  readonly table: string | null;
  readonly columns: readonly string[];
  readonly values: readonly string[];
  /** The columns whose values say which row it is. */
  readonly naming: readonly string[];
}

/** Columns of CSV tables whose values name their row; those that begin with `requested_` or `target_`, besides. */
const NAMING: readonly string[] = ['kind', 'dataset', 'network', 'series', 'first', 'second', 'paper_method'];
const csvRows = z.array(z.array(z.string()));

/**
 * The values that differ between two texts of one file in one line, where both lines are rows of the same table in CSV or Markdown;
 * none where they are not, or where the table's shape differs.
 *
 * @param at the line's index, from 0
 */
export function changedValues(
  file: string,
  expected: readonly string[],
  found: readonly string[],
  at: number,
): readonly ChangedValue[] {
  const rowAt = file.endsWith('.csv') ? csvRow : markdownRow;
  const [wanted, there] = [rowAt(expected, at), rowAt(found, at)];
  if (!wanted || !there || wanted.columns.join('\n') !== there.columns.join('\n')) return [];
  const named = wanted.columns.flatMap((column, i) =>
    wanted.naming.includes(column) && wanted.values[i] !== '' ? [wanted.values[i]!] : [],
  );
  const row = named.join(', ');
  return wanted.columns.flatMap((column, i) => {
    const [is, was] = [wanted.values[i]!, there.values[i]!];
    return is === was ? [] : [{ table: wanted.table, row, column, expected: is, found: was }];
  });
}

function csvRow(lines: readonly string[], at: number): Row | undefined {
  const line = lines[at];
  if (at === 0 || lines[0] === undefined || line === undefined) return undefined;
  const [columns, values] = fieldsOf(lines[0], line);
  if (!columns || values?.length !== columns.length) return undefined;
  const naming = columns.includes('cell')
    ? columns.filter((column) => column === 'cell' || column === 'paper_method')
    : columns.filter((column) => NAMING.includes(column) || /^(requested|target)_/.test(column));
  return { table: null, columns, values, naming };
}

/** The fields of two lines; nothing for a line that is no row by itself: it was broken, or a field goes on below it. */
function fieldsOf(header: string, line: string): readonly string[][] {
  try {
    return csvRows.parse(parse(`${header}\n${line}`, { relax_column_count: true }));
  } catch {
    return [];
  }
}

function markdownRow(lines: readonly string[], at: number): Row | undefined {
  if (!isRow(lines[at])) return undefined;
  let head = at;
  while (isRow(lines[head - 1])) head--;
  // A head, a line of dashes, and rows.
  if (at < head + 2) return undefined;
  const [heads, values] = [cellsOf(lines[head]!), cellsOf(lines[at]!)];
  if (heads.length !== values.length) return undefined;
  const columns = heads.map((name, i) => (name === '' ? `column ${i + 1}` : name));
  const title = lines.slice(0, head).findLast((line) => line.trim() !== '') ?? '';
  return { table: plain(title), columns, values, naming: columns.slice(0, 1) };
}

function isRow(line: string | undefined): boolean {
  return line?.startsWith('|') === true;
}

/** The cells of `| a | b |`; a bar with a backslash before it belongs to its cell. */
function cellsOf(line: string): readonly string[] {
  return line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((text) => text.trim());
}

/** A title without what makes it bold or a heading. */
function plain(title: string): string {
  return title.replace(/^#+ /, '').replaceAll('**', '').replaceAll('`', '').trim();
}
