import type { ScaleName } from '@prunebench/core';
import { belongsTo, type PublishedValue } from '../published.ts';
import type { Estimate } from '../statistics/estimate.ts';
import { rankCells } from '../statistics/ranks.ts';
import type { Cell } from '../summary/cell.ts';
import { isSameSparsity } from '../summary/compression.ts';
import type { NetworkSummary } from '../summary/summary.ts';
import { formatFixed, formatNumber, logical } from './format.ts';
import type { Shown } from './kind.ts';
import { granularityColumn } from './measured-columns.ts';
import { speedColumns } from './speed-columns.ts';
import { type Table, tableOf } from './table.ts';

/** One line of the leaderboard: a cell, where it was measured, and what papers print for it. */
export interface LeaderboardLine {
  readonly cell: Cell;
  readonly granularity: NetworkSummary['granularity'];
  readonly rank: number | null;
  readonly benchmark: string;
  readonly scale: ScaleName;
  readonly published: readonly PublishedValue[];
}

/** The lines of one network: its trained cells. */
export function leaderboardLines(
  { network, tests }: Shown,
  values: readonly PublishedValue[],
  benchmark: string,
  scale: ScaleName,
): LeaderboardLine[] {
  const ranks = rankCells(network, tests);
  const trained = network.cells.filter(({ accuracy, failures }) => accuracy !== null || failures.length > 0);
  return trained.map((cell) => ({
    cell,
    granularity: network.granularity,
    rank: ranks.get(cell) ?? null,
    benchmark,
    scale,
    published: values.filter(
      (value) =>
        belongsTo(value, network) &&
        value.series === cell.series &&
        value.error !== null &&
        value.measure !== 'before-retraining' &&
        value.sparsity !== null &&
        isSameSparsity(value.sparsity, cell.at),
    ),
  }));
}

/** The lines as a table, sorted by dataset, network, sparsity, benchmark, scale, then rank (unranked last), then accuracy. */
export function leaderboardTable(lines: readonly LeaderboardLine[]): Table {
  const most = Math.max(1, ...lines.map(({ published }) => published.length));
  return tableOf<LeaderboardLine>(
    [
      { head: 'dataset', text: ({ cell }) => cell.dataset },
      { head: 'network', text: ({ cell }) => cell.network },
      { head: 'sparsity_percent', text: ({ cell }) => formatNumber(cell.at * 100, 6) },
      { head: 'rank', text: ({ rank }) => rank?.toString() },
      { head: 'series', text: ({ cell }) => cell.series },
      { head: 'control', text: ({ cell }) => logical(cell.control) },
      { head: 'method', text: ({ cell }) => cell.method },
      ...granularityColumn(lines, ({ granularity }: LeaderboardLine) => granularity),
      ...(['mean', 'low', 'high'] as const).map((part) => ({
        head: `test_accuracy_${part}_percent`,
        text({ cell: { accuracy } }: LeaderboardLine) {
          const number = accuracy?.[part] ?? null;
          return number === null ? undefined : formatFixed(number, 4);
        },
      })),
      { head: 'seeds', text: ({ cell }) => String(cell.trials.length) },
      { head: 'failed_seeds', text: ({ cell }) => String(cell.failures.length) },
      { head: 'compression_ratio', text: ({ cell }) => mean(cell.compressionRatio) },
      { head: 'theoretical_speedup', text: ({ cell }) => mean(cell.theoreticalSpeedup) },
      ...speedColumns(lines.map(({ cell }) => cell)).map(({ head, text }) => ({
        head,
        text: ({ cell }: LeaderboardLine) => text(cell),
      })),
      ...Array.from({ length: most }, (_, index) => publishedColumns(index)).flat(),
      { head: 'benchmark', text: ({ benchmark }) => benchmark },
      { head: 'scale', text: ({ scale }) => scale },
      { head: 'commits', text: ({ cell }) => cell.commits.join(' ') },
    ],
    lines.toSorted(byPlace),
  );
}

function byPlace(a: LeaderboardLine, b: LeaderboardLine): number {
  const order = (x: string, y: string) => (x < y ? -1 : x > y ? 1 : 0);
  return (
    order(a.cell.dataset, b.cell.dataset) ||
    order(a.cell.network, b.cell.network) ||
    a.cell.at - b.cell.at ||
    order(a.benchmark, b.benchmark) ||
    order(a.scale, b.scale) ||
    (a.rank ?? Number.MAX_SAFE_INTEGER) - (b.rank ?? Number.MAX_SAFE_INTEGER) ||
    (b.cell.accuracy?.mean ?? -1) - (a.cell.accuracy?.mean ?? -1) ||
    order(a.cell.series, b.cell.series)
  );
}

function mean(value: Estimate | null): string | undefined {
  return value === null ? undefined : formatNumber(value.mean, 4);
}

/** Columns for the published value of this place beside a cell; `_2`, `_3` ... for what more than one paper prints. */
function publishedColumns(index: number) {
  const suffix = index === 0 ? '' : `_${index + 1}`;
  const of = (name: string, text: (value: PublishedValue) => string) => ({
    head: `${name}${suffix}`,
    text: ({ published }: LeaderboardLine) => (index < published.length ? text(published[index]) : undefined),
  });
  return [
    of('published_test_accuracy_percent', ({ error }) => formatNumber(100 - error!, 4)),
    of('published_confidence', ({ row }) => row.confidence),
    of('published_epoch', ({ measure }) => (measure === 'best-epoch' ? 'best' : 'last')),
    of('published_in', ({ label }) => label),
  ];
}
