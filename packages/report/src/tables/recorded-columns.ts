import type { Cell } from '../summary/cell.ts';
import type { NamedEstimate, Place } from '../summary/recorded.ts';
import type { NetworkSummary } from '../summary/summary.ts';
import { axisWords, formatEstimate, seriesName } from './display.ts';
import { formatNumber } from './format.ts';
import { column, intervalColumns, type MeasuredColumn, type MeasuredRow } from './measured-columns.ts';
import { cell, type Table, type TableCell } from './table.ts';

/** Head of the column of architectures. */
export const UNITS_LEFT = 'units left';

/** Digits of a metric, whose size nobody knows beforehand. */
const DIGITS = 4;
const CSV_DIGITS = 8;

/** A column that is there where some record has something for it. */
interface RecordedColumn {
  readonly head: string;
  text(of: Cell): string | undefined;
  /** What the dense network has in it. */
  readonly dense?: string | undefined;
}

type Named = Pick<NamedEstimate, 'name' | 'unit'>;
type Recorded = Pick<Cell, 'architecture' | 'metrics'>;

/** The columns for what the records of these cells say besides: the architecture, then the metrics by name, each with its unit. */
export function recordedColumns(cells: readonly Cell[]): readonly RecordedColumn[] {
  const whole = wholeArchitecture(cells);
  const architecture: RecordedColumn = {
    head: UNITS_LEFT,
    text: (of) => of.architecture?.map(({ left }) => formatNumber(left, 1)).join('-'),
    dense: whole?.join('-'),
  };
  return [...(whole ? [architecture] : []), ...metricColumns(cells)];
}

function metricColumns(cells: readonly Cell[]): readonly RecordedColumn[] {
  return namesOf(cells).map((metric) => ({
    head: `${metric.name}, ${metric.unit}`,
    text(of) {
      const estimate = estimateOf(of, metric);
      if (!estimate) return undefined;
      const digits = decimals(estimate.mean);
      return estimate.n === 1 ? formatNumber(estimate.mean, digits) : formatEstimate(estimate, digits);
    },
  }));
}

/** The same columns as cells of a table whose rows are cells of the summary. */
export function recordedCells({ cells }: NetworkSummary) {
  const columns = recordedColumns(cells);
  return {
    heads: columns.map(({ head }) => head),
    /** In the row of the dense network. */
    dense: columns.map(({ dense }) => cell(dense)),
    of: (each: Cell) => columns.map(({ text }) => cell(text(each))),
    /** In a row that has nothing there. */
    none: columns.map((): TableCell => []),
  };
}

/**
 * For tables whose columns are the points of an axis, a table of its own, a row for each cell: metrics, and the architecture where whole
 * units are removed. Null where there is nothing for it.
 */
export function recordedTable({ cells, axis, granularity }: NetworkSummary): Table | null {
  const columns = granularity === 'unit' ? recordedColumns(cells) : metricColumns(cells);
  if (columns.length === 0) return null;
  const dense = columns.some((each) => each.dense !== undefined);
  const rows = cells.map((each) => [
    cell(seriesName(each)),
    cell(axisWords[axis].format(each.at)),
    ...columns.map(({ text }) => cell(text(each))),
  ]);
  return {
    columns: ['', axisWords[axis].head, ...columns.map(({ head }) => head)],
    rows: dense ? [[cell('dense'), cell('0'), ...columns.map((each) => cell(each.dense))], ...rows] : rows,
  };
}

/**
 * The same in the tidy table. Numbers of an architecture are separated by spaces there, since spreadsheets take "8-13-88" for a date; a
 * metric has a column for each part of its interval, "metric_best_fitness_mean_percent".
 */
export function recordedCsvColumns(networks: readonly NetworkSummary[]): readonly MeasuredColumn[] {
  const cells = networks.flatMap((network) => network.cells);
  const architecture = column('architecture_mean_units', {
    dense: (_, network) => wholeArchitecture(network.cells)?.join(' '),
    measured: ({ architecture: places }) => places?.map(({ left }) => formatNumber(left, 4)).join(' '),
  });
  const metrics = namesOf(cells).flatMap((metric) =>
    intervalColumns(
      `metric_${metric.name.replaceAll('-', '_')}`,
      metric.unit,
      (row: MeasuredRow) => (row.kind === 'measured' ? estimateOf(row.cell, metric) : null),
      (value) => String(Number(value.toPrecision(CSV_DIGITS))),
    ),
  );
  return [...(cells.some((each) => each.architecture) ? [architecture] : []), ...metrics];
}

/** The units of the network before any was removed; undefined where no record says. */
function wholeArchitecture(cells: readonly Recorded[]): readonly number[] | undefined {
  const known = cells.flatMap(({ architecture }): (readonly Place[])[] => (architecture ? [architecture] : []));
  const most = Math.max(...known.map(({ length }) => length));
  const alike = known.filter(({ length }) => length === most);
  return alike[0]?.map((_, place) => Math.max(...alike.map((places) => places[place]!.total)));
}

/** Every name and unit that occurs, once, by name. */
function namesOf(cells: readonly Recorded[]): readonly Named[] {
  const all = cells.flatMap(({ metrics }) => metrics);
  const once = new Map(all.map(({ name, unit }) => [JSON.stringify([name, unit]), { name, unit }]));
  return [...once].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, metric]) => metric);
}

function estimateOf({ metrics }: Recorded, { name, unit }: Named): NamedEstimate['estimate'] | undefined {
  return metrics.find((metric) => metric.name === name && metric.unit === unit)?.estimate;
}

/** As many decimals as show four digits of a number. */
function decimals(value: number): number {
  return value === 0 ? 0 : Math.min(20, Math.max(0, DIGITS - 1 - Math.floor(Math.log10(Math.abs(value)))));
}
