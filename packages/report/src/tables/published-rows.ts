import type { PublishedValue } from '../published.ts';
import { columnOf, isSameSparsity } from '../summary/compression.ts';
import { formatNumber, formatPercent } from './format.ts';
import { cell, type TableCell, type Value } from './table.ts';

/** Where the table of a network has places for published values. */
export interface Places {
  /** Sparsities of its columns. */
  readonly columns: readonly number[];
  /** Names of its rows, those of the dense networks included. */
  readonly rows: readonly string[];
}

/** Published values as rows of their own below the series they belong to, each in the column of its sparsity. */
export function publishedRows(
  values: readonly PublishedValue[],
  series: string,
  columns: readonly number[],
  quantity: 'error' | 'accuracy',
): TableCell[][] {
  return rowsByLabel(
    values.filter((value) => value.series === series && columnFor(value, columns) !== null),
    (ofLabel) => {
      const cells: Value[][] = columns.map(() => []);
      for (const value of ofLabel) {
        const column = columnFor(value, columns)!;
        const at = isSameSparsity(columns[column], value.sparsity!) ? '' : ` at ${formatPercent(value.sparsity!, 1)} %`;
        cells[column].push({ text: `${publishedNumber(value, quantity)}${at}`, published: true });
      }
      return cells;
    },
  );
}

/** A row for each source of published values: its name, and what `cellsOf` makes of its values. */
export function rowsByLabel(
  values: readonly PublishedValue[],
  cellsOf: (ofLabel: readonly PublishedValue[]) => readonly TableCell[],
): TableCell[][] {
  return [...Map.groupBy(values, ({ label }) => label)].map(([label, ofLabel]) => [
    cell(label, { published: true }),
    ...cellsOf(ofLabel),
  ]);
}

/** A published test error, or the accuracy that it is, with the marks of its confidence and epoch. */
export function publishedNumber(value: PublishedValue, quantity: 'error' | 'accuracy'): string {
  const number = formatNumber(quantity === 'error' ? value.error! : 100 - value.error!, 4);
  return `${number}${value.recalled ? '†' : ''}${value.measure === 'best-epoch' ? '§' : ''}`;
}

/** The values beside a table's series, or the dense network, that have no place in it: they measure something else, or no column is near. */
export function withoutPlace(values: readonly PublishedValue[], { columns, rows }: Places): PublishedValue[] {
  return values.filter((value) =>
    rows.includes(value.series) ? columnFor(value, columns) === null : value.series === 'dense',
  );
}

/** A list of published values for below a table, those of one source and measure in one line. */
export function publishedLines(
  values: readonly PublishedValue[],
): { readonly text: string; readonly recalled: boolean }[] {
  const lines = Map.groupBy(values, ({ label, series, row }) => JSON.stringify([label, series, row.metric]));
  return [...lines.values()].map((ofLine) => {
    const [{ label, series, row, recalled }] = ofLine;
    const where = `${label}, beside ${series}: ${row.metric}`;
    const printed = ofLine.map(({ row: { sparsity_percent_or_compression: at, value } }) =>
      at === '' ? `: ${value}` : ` at ${at}: ${value}`,
    );
    return { text: `${where}${printed.join(',')}`, recalled };
  });
}

function columnFor({ error, sparsity, measure }: PublishedValue, columns: readonly number[]): number | null {
  if (error === null || sparsity === null || measure === 'before-retraining') return null;
  return columnOf(columns, sparsity);
}
