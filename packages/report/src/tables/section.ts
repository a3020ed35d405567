import type { Benchmark } from '@prunebench/core';
import { belongsTo, type PublishedValue } from '../published.ts';
import type { NetworkSummary } from '../summary/summary.ts';
import { axisWords, networkTitle } from './display.ts';
import type { Shown } from './kind.ts';
import { type LegendWords, legendOf, NOTES } from './notes.ts';
import { publishedLines } from './published-rows.ts';
import { recordedTable, UNITS_LEFT } from './recorded-columns.ts';
import { statementsOf } from './statements.ts';
import { partOf, type Table, type TablePart } from './table.ts';

/** What is shown of one network, as plain texts and tables: how it is set is the renderer's business. */
export interface NetworkSection {
  /** "LeNet-5 on MNIST: test error, in % at each sparsity" */
  readonly title: string;
  readonly scale: string;
  /** In what a derived benchmark differs from the declared one. */
  readonly changes: readonly string[];
  readonly table: Table;
  /** What the numbers and marks of the table are. */
  legend(words: LegendWords): string;
  /** What the records say besides, where the table has no row for each cell. */
  readonly recorded: { readonly table: Table; readonly note: string | undefined } | null;
  /** The trials that failed, with the reason. */
  readonly failures: readonly string[];
  /** Published values that have no place in the table. */
  readonly elsewhere: ReturnType<typeof publishedLines>;
  /** Sentences that no test is needed for. */
  readonly findings: readonly string[];
}

/** All tables of one scale, and what the paired tests say. */
export interface Sections {
  readonly networks: readonly NetworkSection[];
  readonly said: readonly string[];
}

/** What is shown of a benchmark at one scale. */
export function sectionsOf(
  shown: readonly Shown[],
  benchmark: Benchmark,
  published: readonly PublishedValue[],
  scale: string,
): Sections {
  return {
    networks: shown.map((each) => sectionOfNetwork(each, benchmark, published, scale)),
    said: statementsOf(shown, benchmark.comparisons),
  };
}

/** What is shown of one network; with `part`, the legend is of that part of the table alone. */
export function sectionOfNetwork(
  shown: Shown,
  benchmark: Benchmark,
  published: readonly PublishedValue[],
  scale: string,
  part: TablePart = {},
): NetworkSection {
  const { network, kind } = shown;
  const source = { ...shown, benchmark, published: published.filter((value) => belongsTo(value, network)) };
  const table = partOf(kind.table(source), part);
  return {
    title: `${networkTitle(network)}: ${kind.title(network)}`,
    scale,
    changes: benchmark.changes ?? [],
    table,
    legend: (words) => legendOf(network, kind, table, words),
    recorded: kind.rowsOfCells ? null : recorded(network),
    failures: failures(network),
    elsewhere: publishedLines(kind.elsewhere(source)),
    findings: kind.findings?.(network) ?? [],
  };
}

function recorded(network: NetworkSummary): NetworkSection['recorded'] {
  const table = recordedTable(network);
  return table && { table, note: table.columns.includes(UNITS_LEFT) ? NOTES.unitsLeft : undefined };
}

function failures({ cells, axis }: NetworkSummary): readonly string[] {
  return cells.flatMap((cell) =>
    cell.failures.map(
      ({ seed, reason }) => `${cell.series}, ${axisWords[axis].label(cell.at)}, seed ${seed}: ${reason}`,
    ),
  );
}
