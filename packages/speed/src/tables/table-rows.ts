import { deviation, max, mean, median, min } from 'd3-array';
import { markdownTable } from 'markdown-table';
import { fixed, withRange } from '../format.ts';
import { ratioOf } from '../turns.ts';
import type { Taken } from './process-group.ts';

/** What one side took for a table, over the rounds. */
export interface TableRow {
  readonly table: string;
  readonly side: string;
  readonly trials: number;
  readonly seeds: number;
  readonly rounds: number;
  /** Side by side, with one thread each. */
  readonly processes: number;
  readonly wallSeconds: number;
  readonly wallSecondsMin: number;
  readonly wallSecondsMax: number;
  readonly processorSeconds: number;
  readonly processorSecondsMin: number;
  readonly processorSecondsMax: number;
  readonly peakMiB: number;
  /** Its wall time over ours, round by round; null for ours. */
  readonly overOurs: number | null;
  readonly overOursMin: number | null;
  readonly overOursMax: number | null;
  /** Its processor time over ours. */
  readonly processorOverOurs: number | null;
  readonly processorOverOursMin: number | null;
  readonly processorOverOursMax: number | null;
  /** Of our memory over its own. */
  readonly ourMemory: number | null;
  /** Series that no side computed. */
  readonly leftOut: string;
}

/** A row of what a side took in each round, beside ours. */
export function tableRow(
  about: Pick<TableRow, 'table' | 'side' | 'trials' | 'seeds' | 'processes' | 'leftOut'>,
  taken: readonly Taken[],
  ours: readonly Taken[],
): TableRow {
  const of = (runs: readonly Taken[], what: keyof Taken) => runs.map((run) => run[what]);
  const range = (what: keyof Taken) => {
    const values = of(taken, what);
    return [median(values)!, min(values)!, max(values)!] as const;
  };
  const [wallSeconds, wallSecondsMin, wallSecondsMax] = range('wallSeconds');
  const [processorSeconds, processorSecondsMin, processorSecondsMax] = range('processorSeconds');
  const [peakMiB] = range('peakMiB');
  const other = taken === ours ? null : taken;
  const wall = other && ratioOf(of(other, 'wallSeconds'), of(ours, 'wallSeconds'));
  const processor = other && ratioOf(of(other, 'processorSeconds'), of(ours, 'processorSeconds'));
  return {
    ...about,
    rounds: taken.length,
    wallSeconds,
    wallSecondsMin,
    wallSecondsMax,
    processorSeconds,
    processorSecondsMin,
    processorSecondsMax,
    peakMiB,
    overOurs: wall?.median ?? null,
    overOursMin: wall?.min ?? null,
    overOursMax: wall?.max ?? null,
    processorOverOurs: processor?.median ?? null,
    processorOverOursMin: processor?.min ?? null,
    processorOverOursMax: processor?.max ?? null,
    ourMemory: other && median(of(ours, 'peakMiB'))! / peakMiB,
  };
}

/** The mean accuracies of a series on two sides. */
export interface AccuracyRow {
  readonly table: string;
  readonly series: string;
  readonly side: string;
  /** Trials that have an accuracy on both sides. */
  readonly trials: number;
  readonly ours: number;
  readonly theirs: number;
  readonly difference: number;
  /** Of the mean difference of one trial; null for a single one. */
  readonly standardError: number | null;
}

/** Points that a series may differ by without a reason, and how many standard errors beside. */
const [POINTS, ERRORS] = [0.5, 5];

/** The accuracies of a series side by side; trials are those of one cell and seed, which both sides draw differently. */
export function accuracyRow(
  about: Pick<AccuracyRow, 'table' | 'series' | 'side'>,
  pairs: readonly { readonly ours: number; readonly theirs: number }[],
): AccuracyRow {
  const differences = pairs.map(({ ours, theirs }) => theirs - ours);
  const scatter = deviation(differences);
  return {
    ...about,
    trials: pairs.length,
    ours: mean(pairs, ({ ours }) => ours)!,
    theirs: mean(pairs, ({ theirs }) => theirs)!,
    difference: mean(differences)!,
    standardError: scatter === undefined ? null : scatter / Math.sqrt(pairs.length),
  };
}

/** Whether a series differs by more than chance makes; nothing can be said of a single trial. */
export function isOtherWork({ difference, standardError }: AccuracyRow): boolean {
  return standardError !== null && Math.abs(difference) > POINTS + ERRORS * standardError;
}

export function tableTable(rows: readonly TableRow[]): string {
  const range = (row: TableRow, what: 'wallSeconds' | 'processorSeconds', digits = 1) =>
    `${fixed(row[what], digits)} (${fixed(row[`${what}Min`], digits)}-${fixed(row[`${what}Max`], digits)})`;
  return markdownTable(
    [
      ['table', 'side', 'wall time, s', 'over ours', 'processor time, s', 'over ours', 'peak memory, MiB'],
      ...rows.map((row) => [
        row.table,
        row.side,
        range(row, 'wallSeconds'),
        withRange(row.overOurs, row.overOursMin, row.overOursMax),
        range(row, 'processorSeconds'),
        withRange(row.processorOverOurs, row.processorOverOursMin, row.processorOverOursMax),
        fixed(row.peakMiB, 0),
      ]),
    ],
    { align: ['l', 'l', 'r', 'r', 'r', 'r', 'r'] },
  );
}

export function accuracyTable(rows: readonly AccuracyRow[]): string {
  return markdownTable(
    [
      ['series', 'side', 'trials', 'ours, %', 'theirs, %', 'difference', 'standard error'],
      ...rows.map((row) => [
        row.series,
        row.side,
        String(row.trials),
        fixed(row.ours),
        fixed(row.theirs),
        `${fixed(row.difference)}${isOtherWork(row) ? ' (too much)' : ''}`,
        fixed(row.standardError),
      ]),
    ],
    { align: ['l', 'l', 'r', 'r', 'r', 'r', 'r'] },
  );
}
