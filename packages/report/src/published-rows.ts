import { columnOf, isSameSparsity } from './compression.ts';
import { escapeMarkdown } from './escape.ts';
import { formatNumber, formatPercent } from './format.ts';
import type { PublishedValue } from './published.ts';

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
): string[][] {
  const shown = values.filter((value) => value.series === series && columnFor(value, columns) !== null);
  return [...Map.groupBy(shown, ({ label }) => label)].map(([label, ofLabel]) => {
    const cells: string[][] = columns.map(() => []);
    for (const value of ofLabel) {
      const column = columnFor(value, columns)!;
      cells[column]!.push(publishedCell(value, columns[column]!, quantity));
    }
    return [`*${escapeMarkdown(label)}*`, ...cells.map((texts) => texts.join(', '))];
  });
}

/** The values beside a table's series, or the dense network, that have no place in it: they measure something else, or no column is near. */
export function withoutPlace(values: readonly PublishedValue[], { columns, rows }: Places): PublishedValue[] {
  return values.filter((value) =>
    rows.includes(value.series) ? columnFor(value, columns) === null : value.series === 'dense',
  );
}

/** A list of published values for below a table, those of one source and measure in one line. */
export function publishedList(values: readonly PublishedValue[]): string[] {
  const lines = Map.groupBy(values, ({ label, series, row }) => JSON.stringify([label, series, row.metric]));
  return [...lines.values()].map((ofLine) => {
    const { label, series, row, recalled } = ofLine[0]!;
    const where = `${label}, beside ${series}: ${row.metric}`;
    const printed = ofLine.map(({ row: { sparsity_percent_or_compression: at, value } }) =>
      at === '' ? `: ${value}` : ` at ${at}: ${value}`,
    );
    return `- ${escapeMarkdown(`${where}${printed.join(',')}`)}${recalled ? '† (from memory)' : ''}`;
  });
}

function columnFor({ error, sparsity, measure }: PublishedValue, columns: readonly number[]): number | null {
  if (error === null || sparsity === null || measure === 'before-retraining') return null;
  return columnOf(columns, sparsity);
}

function publishedCell(value: PublishedValue, column: number, quantity: 'error' | 'accuracy'): string {
  const number = formatNumber(quantity === 'error' ? value.error! : 100 - value.error!, 4);
  const marks = `${value.recalled ? '†' : ''}${value.measure === 'best-epoch' ? '§' : ''}`;
  const at = isSameSparsity(column, value.sparsity!) ? '' : ` at ${formatPercent(value.sparsity!, 1)} %`;
  return `*${number}${marks}${at}*`;
}
