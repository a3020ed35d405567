import type { PublishedValue } from '../published.ts';
import { formatNumber } from './format.ts';
import { placeColumns } from './leaderboard.ts';
import { publishedTarget, type RankedTable } from './leaderboard-rows.ts';
import { optional } from './measured-columns.ts';
import { type Table, tableOf } from './table.ts';

/** A number that a paper prints for a network of the leaderboard. */
export interface PublishedRow {
  readonly table: RankedTable;
  readonly value: PublishedValue;
}

const PARAMETERS = 'number of weights (incl. biases)';

/**
 * What papers print for the networks of the leaderboard: every value once, in the order of the networks, with the columns that say
 * where it stands as the leaderboard has them. `cell` is empty where a paper's number stands at no point of ours.
 */
export function publishedTable(rows: readonly PublishedRow[]): Table {
  const place = ({ table, value }: PublishedRow) => ({
    table,
    series: value.series,
    target: publishedTarget(value, table.network),
  });
  const columns = [
    ...placeColumns(place),
    of('paper', ({ row }) => row.paper),
    of('year', ({ row }) => String(row.year)),
    of('where_in_paper', ({ row }) => row.where_in_paper),
    of('paper_dataset', ({ row }) => row.dataset),
    of('paper_network', ({ row }) => row.network),
    of('paper_method', ({ row }) => row.method),
    of('published_at', ({ row }) => row.sparsity_percent_or_compression),
    of('published_metric', ({ row }) => row.metric),
    of('published_value', ({ row }) => row.value.trim()),
    of('published_plus_minus', ({ row }) => row.plus_minus.trim()),
    of('published_sparsity_percent', ({ sparsity }) => optional(sparsity, (share) => formatNumber(share * 100, 6))),
    of('published_test_accuracy_percent', ({ error, measure }) =>
      measure === 'before-retraining' ? undefined : optional(error, (value) => formatNumber(100 - value, 4)),
    ),
    of('published_remaining_parameters', ({ row }) => (row.metric === PARAMETERS ? row.value.trim() : undefined)),
    of('published_epoch', ({ error, measure }) => {
      if (error === null || measure === 'before-retraining') return undefined;
      return measure === 'best-epoch' ? 'best' : 'last';
    }),
    of('published_confidence', ({ row }) => row.confidence),
    of('source', ({ row }) => row.source),
    of('notes', ({ row }) => row.notes),
  ];
  return tableOf(columns, rows);
}

function of(head: string, text: (value: PublishedValue) => string | undefined) {
  return { head, text: ({ value }: PublishedRow) => text(value) };
}
