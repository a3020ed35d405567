import type { Axis, ScaleName } from '@prunebench/core';
import type { PublishedValue } from '../published.ts';
import { rankCells } from '../statistics/ranks.ts';
import type { Cell } from '../summary/cell.ts';
import { isSameSparsity } from '../summary/compression.ts';
import type { DenseReference } from '../summary/dense.ts';
import { haveSameBudget, isUnpruned } from '../summary/same-budget.ts';
import { cellOf, type NetworkSummary } from '../summary/summary.ts';
import { formatNumber } from './format.ts';
import type { Shown } from './kind.ts';

/** The table of one network that leaderboard rows are taken from, and how far it is. */
export interface RankedTable extends Shown {
  readonly benchmark: string;
  readonly scale: ScaleName;
  /** `complete`; `pending`: but for series that the benchmark says are not computed yet; `partial`: others lack records as well. */
  readonly state: 'complete' | 'pending' | 'partial';
  /** Records that it lacks, over all seeds. */
  readonly missing: number;
  /** How many seeds each trial is declared with. */
  readonly seeds: number;
  /** The rows of the same network with nothing pruned, in whichever of its tables they stand. */
  readonly unpruned: readonly Cell[];
}

/** A rank among some series at one point. */
export interface Rank {
  readonly rank: number;
  /** How many series are ranked there. */
  readonly of: number;
}

/** One row of the leaderboard: the network before pruning, or a cell. */
export type LeaderboardRow = { readonly table: RankedTable } & (
  | { readonly kind: 'dense'; readonly dense: DenseReference }
  | {
      readonly kind: 'cell';
      readonly cell: Cell;
      readonly rank: Rank | null;
      /** Among the series that were trained on equally many examples. */
      readonly rankInBudget: Rank | null;
    }
);

/** The rows of one table. Nothing is ranked while records are missing, or where its kind ranks nothing. */
export function leaderboardRows(table: RankedTable): LeaderboardRow[] {
  const { network, kind, tests, state } = table;
  const { cells, dense } = network;
  const made = kind.rankedBy !== null && state !== 'partial' ? tests : [];
  const withinBudget = made.filter(({ first, second, at }) => {
    const [one, other] = [first, second].map((series) => cellOf(network, series, at));
    return one !== undefined && other !== undefined && haveSameBudget(one, other);
  });
  const ranks = rankCells(network, made);
  const ranksInBudget = rankCells(network, withinBudget);
  const place = (cell: Cell, of: typeof ranks, isRival: (other: Cell) => boolean): Rank | null => {
    const rank = of.get(cell) ?? null;
    const rivals = cells.filter((other) => other.at === cell.at && (of.get(other) ?? null) !== null && isRival(other));
    return rank === null ? null : { rank, of: rivals.length };
  };
  return [
    ...dense.map((each): LeaderboardRow => ({ table, kind: 'dense', dense: each })),
    ...cells.map(
      (cell): LeaderboardRow => ({
        table,
        kind: 'cell',
        cell,
        rank: place(cell, ranks, () => true),
        rankInBudget: place(cell, ranksInBudget, (other) => haveSameBudget(cell, other)),
      }),
    ),
  ];
}

/** Where on an axis a row stands; what a published value says of it is not always known. */
export interface Target {
  readonly axis: Axis;
  readonly at: number;
}

/** The point of an axis where nothing is removed. */
const NOTHING: Target = { axis: 'sparsity', at: 0 };

/** What a row was asked for; a network before pruning, for nothing. */
export function targetOf(row: LeaderboardRow): Target {
  return row.kind === 'dense' ? NOTHING : { axis: row.cell.axis, at: row.cell.at };
}

/** The series of a row. */
export function seriesOf(row: LeaderboardRow): string {
  return row.kind === 'dense' ? row.dense.name : row.cell.series;
}

/** Whether nothing was removed from a row's network. */
export function isDenseRow(row: LeaderboardRow): boolean {
  return row.kind === 'dense' || isUnpruned(row.cell);
}

/** A position on an axis as a column of numbers holds it: shares in percent, a strength as it is. */
export function formatTarget({ axis, at }: Target): string {
  return axis === 'lambda' ? String(at) : formatNumber(at * 100, 6);
}

const SEPARATOR = ' | ';

/** One text that names a cell: the rows of one cell at several scales share it, and so do the values that papers print for it. */
export function cellKey(
  benchmark: string,
  { dataset, network }: NetworkSummary,
  series: string,
  target: Target,
): string {
  return [benchmark, dataset, network, series, `${target.axis} ${formatTarget(target)}`].join(SEPARATOR);
}

/** One text that names what may be ranked against one another: the series of one table at one point. */
export function comparisonKey({ benchmark, scale, network }: RankedTable, target: Target): string {
  const { dataset, network: name, granularity } = network;
  return [benchmark, scale, dataset, name, granularity, `${target.axis} ${formatTarget(target)}`].join(SEPARATOR);
}

/**
 * Where a published value stands: at the point of its series at that sparsity, up to the digits that papers print; where its table
 * compares sizes, or asks for no sparsity, at the only point of the series; else at the sparsity that the paper names, null where it names none.
 */
export function publishedTarget({ series, sparsity }: PublishedValue, network: NetworkSummary): Target | null {
  if (series.startsWith('dense') && !network.series.some(({ name }) => name === series)) return NOTHING;
  const points = network.cells.filter((cell) => cell.series === series).map(({ axis, at }): Target => ({ axis, at }));
  if (network.measure === 'size' || network.axis !== 'sparsity') return points.length === 1 ? points[0]! : null;
  if (sparsity === null) return null;
  return points.find(({ at }) => isSameSparsity(at, sparsity)) ?? { axis: 'sparsity', at: sparsity };
}
