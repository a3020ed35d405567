import type { Axis, Benchmark } from '@prunebench/core';
import type { PublishedValue } from '../published.ts';
import type { FigureSpec } from '../render/svg.ts';
import type { Compared } from '../statistics/compared.ts';
import type { PairedTest } from '../statistics/paired-tests.ts';
import type { NetworkSummary, Summary } from '../summary/summary.ts';
import type { MeasuredColumn } from './measured-columns.ts';
import type { Table } from './table.ts';

/** A network's trials with the kind of table that they make. */
export interface Shown {
  readonly network: NetworkSummary;
  readonly kind: TableKind;
  /** Every pair of its series, compared. */
  readonly tests: readonly PairedTest[];
}

/** What a table of one network is made from. */
export interface TableSource extends Shown {
  readonly benchmark: Benchmark;
  /** Those published values that belong to the network. */
  readonly published: readonly PublishedValue[];
}

/** A picture of a figure: one file. */
export interface Picture {
  /** What this one shows of what the figure's caption says; absent where it is the only one. */
  readonly part?: string;
  readonly spec: FigureSpec;
}

/** A plot of a summary: a file beside its tables, or several where one would be too long. */
export interface Figure {
  /** The file's name without scale and ending. */
  readonly id: string;
  /** What it shows, for those who cannot see it. */
  readonly caption: string;
  /** None where the summary has nothing to draw. */
  draw(summary: Summary, benchmark: Benchmark, published: readonly PublishedValue[]): readonly Picture[];
}

/** One kind of table: everything that is particular to it. What a table looks like in Markdown or CSV is no part of it. */
export interface TableKind {
  readonly id: string;
  /** Whether the trials of this network make a table of this kind; the first of the list that says so is taken. */
  fits(network: NetworkSummary): boolean;
  readonly compared: Compared;
  /** What stands in the table, behind the name of the network. */
  title(network: NetworkSummary): string;
  table(source: TableSource): Table;
  /** The published values that have no place in the table, for the list below it. */
  elsewhere(source: TableSource): readonly PublishedValue[];
  /** What the numbers are; `seeds` is how many there are ("3", "1 to 3"). */
  note(network: NetworkSummary, seeds: string): string;
  /** Sentences about the table that no test is needed for. */
  findings?(network: NetworkSummary): readonly string[];
  /** What the tests of two series say, in words. */
  sentences(network: NetworkSummary, pair: readonly [string, string], tests: readonly PairedTest[]): readonly string[];
  /** What its details call the point that was asked for, where that is not what the axis calls it. */
  readonly asked?: Partial<Readonly<Record<Axis, string>>>;
  /** Whether its rows are cells, with the columns of `recordedCells`; else these have a table of their own below. */
  readonly rowsOfCells?: boolean;
  /** Whether `note` says how speed was measured. */
  readonly notesSpeed?: boolean;
  /** Columns of its CSV file in place of the mean of the parameters left. */
  readonly sizeColumns?: readonly MeasuredColumn[];
  readonly figures: readonly Figure[];
  /** What its series are ranked by at equal points in the leaderboard, as a column there is called; null where they are not ranked. */
  readonly rankedBy: string | null;
}
