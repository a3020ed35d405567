import { type Cell, collapsedSeeds } from '../summary/cell.ts';
import type { DenseReference } from '../summary/dense.ts';
import { denseWithBudgetOf, examplesOfDense } from '../summary/same-budget.ts';
import { formatFixed, formatNumber, logical } from './format.ts';
import {
  cellKey,
  comparisonKey,
  formatTarget,
  isDenseRow,
  type LeaderboardRow,
  type RankedTable,
  seriesOf,
  type Target,
  targetOf,
} from './leaderboard-rows.ts';
import { optional } from './measured-columns.ts';
import { speedColumnsAlways } from './speed-columns.ts';
import { type Table, tableOf } from './table.ts';

/** Version of the columns of both files of the leaderboard: raised where one is taken away or comes to mean something else. */
export const LEADERBOARD_SCHEMA = 1;

type Text = string | undefined;

interface Column {
  readonly head: string;
  text(row: LeaderboardRow): Text;
}

interface Sources {
  readonly dense?: (dense: DenseReference, table: RankedTable) => Text;
  readonly cell?: (cell: Cell, table: RankedTable) => Text;
}

function column(head: string, { dense, cell }: Sources): Column {
  return {
    head,
    text: (row) => (row.kind === 'dense' ? dense?.(row.dense, row.table) : cell?.(row.cell, row.table)),
  };
}

/** The same of both kinds of rows. */
function common(head: string, text: (of: Cell | DenseReference) => Text): Column {
  return column(head, { dense: text, cell: text });
}

type Mean = { readonly mean: number } | null;
const mean = (value: Mean, digits = 4) => optional(value, (of) => formatNumber(of.mean, digits));
const percent = (value: Mean) => optional(value, (of) => formatNumber(of.mean * 100, 6));

/** The columns that say where a row or a published value stands, by which the two files of a leaderboard are joined. */
export function placeColumns<Row>(of: (row: Row) => Place) {
  const at = (axis: Target['axis']) => (row: Row) => {
    const { target } = of(row);
    return target?.axis === axis ? formatTarget(target) : undefined;
  };
  return [
    { head: 'schema', text: () => String(LEADERBOARD_SCHEMA) },
    { head: 'dataset', text: (row: Row) => of(row).table.network.dataset },
    { head: 'network', text: (row: Row) => of(row).table.network.network },
    { head: 'target', text: (row: Row) => of(row).target?.axis },
    { head: 'target_sparsity_percent', text: at('sparsity') },
    { head: 'target_units_percent', text: at('units') },
    { head: 'target_lambda', text: at('lambda') },
    { head: 'series', text: (row: Row) => of(row).series },
    { head: 'benchmark', text: (row: Row) => of(row).table.benchmark },
    {
      head: 'cell',
      text(row: Row) {
        const { table, series, target } = of(row);
        return target ? cellKey(table.benchmark, table.network, series, target) : undefined;
      },
    },
  ];
}

interface Place {
  readonly table: RankedTable;
  readonly series: string;
  readonly target: Target | null;
}

const columns: readonly Column[] = [
  ...placeColumns((row: LeaderboardRow) => ({ table: row.table, series: seriesOf(row), target: targetOf(row) })),
  { head: 'scale', text: ({ table }) => table.scale },
  { head: 'table', text: ({ table }) => table.kind.id },
  { head: 'table_state', text: ({ table }) => table.state },
  { head: 'missing_trials', text: ({ table }) => String(table.missing) },
  { head: 'kind', text: (row) => (isDenseRow(row) ? 'dense' : 'pruned') },
  column('control', { cell: ({ control }) => logical(control) }),
  column('method', { cell: ({ method }) => method }),
  column('granularity', { cell: (_, { network }) => network.granularity }),
  { head: 'comparison', text: (row) => comparisonKey(row.table, targetOf(row)) },
  {
    head: 'ranked_by',
    text: (row) => (row.kind === 'cell' && row.rank ? (row.table.kind.rankedBy ?? undefined) : undefined),
  },
  { head: 'rank', text: (row) => (row.kind === 'cell' ? row.rank?.rank.toString() : undefined) },
  { head: 'ranked_series', text: (row) => (row.kind === 'cell' ? row.rank?.of.toString() : undefined) },
  { head: 'rank_in_budget', text: (row) => (row.kind === 'cell' ? row.rankInBudget?.rank.toString() : undefined) },
  {
    head: 'ranked_series_in_budget',
    text: (row) => (row.kind === 'cell' ? row.rankInBudget?.of.toString() : undefined),
  },
  ...(['mean', 'low', 'high', 'sd'] as const).map((part) =>
    common(`test_accuracy_${part}_percent`, ({ accuracy }) =>
      optional(accuracy?.[part], (value) => formatFixed(value, 4)),
    ),
  ),
  common('validation_accuracy_mean_percent', ({ validationAccuracy }) => mean(validationAccuracy)),
  column('dense_test_accuracy_mean_percent', { cell: ({ denseAccuracy }) => mean(denseAccuracy) }),
  column('dense_same_budget_test_accuracy_mean_percent', {
    cell: (cell, { unpruned }) => mean(denseWithBudgetOf(cell, unpruned)),
  }),
  column('pretrain_epochs', {
    dense: ({ epochs }) => formatNumber(epochs, 4),
    cell: ({ budget }) => formatNumber(budget.pretrain, 4),
  }),
  column('retrain_epochs', { dense: () => '0', cell: ({ budget }) => formatNumber(budget.retrain, 4) }),
  column('trained_examples', {
    dense: (dense, { network }) => mean(examplesOfDense(dense, network), 0),
    cell: ({ trainedExamples }) => mean(trainedExamples, 0),
  }),
  column('compute_seconds', { cell: ({ computeSeconds }) => mean(computeSeconds, 1) }),
  { head: 'declared_seeds', text: ({ table }) => String(table.seeds) },
  common('finished_seeds', ({ trials }) => String(trials.length)),
  column('failed_seeds', { cell: ({ failures }) => String(failures.length) }),
  column('collapsed_seeds', { cell: (cell) => String(collapsedSeeds(cell)) }),
  column('achieved_sparsity_percent', { dense: () => '0', cell: ({ achievedSparsity }) => percent(achievedSparsity) }),
  column('effective_sparsity_percent', { cell: ({ effectiveSparsity }) => percent(effectiveSparsity) }),
  column('smallest_layer_density_percent', {
    dense: () => '100',
    cell: ({ smallestDensity }) => percent(smallestDensity),
  }),
  column('compression_ratio', { dense: () => '1', cell: ({ compressionRatio }) => mean(compressionRatio) }),
  ...(['mean', 'low', 'high'] as const).map((part) =>
    column(`remaining_parameters_${part}`, {
      dense: (_, { network }) => (part === 'mean' ? network.size?.parameters.toString() : undefined),
      cell: ({ remainingParameters }) => optional(remainingParameters?.[part], (value) => formatNumber(value, 2)),
    }),
  ),
  column('theoretical_speedup', { dense: () => '1', cell: ({ theoreticalSpeedup }) => mean(theoreticalSpeedup) }),
  ...speedColumnsAlways.map(({ head, text }) => column(head, { cell: text })),
  common('backends', ({ backends }) => backends.join('; ')),
  common('hosts', ({ hosts }) => hosts.join('; ')),
  common('measured_on', ({ measuredOn }) => measuredOn),
  common('commits', ({ commits }) => commits.join(' ')),
];

/**
 * The rows as a table that has the same columns whatever the rows are, sorted by dataset, network, target, benchmark and scale;
 * there the dense network first, then by rank (unranked last), what is ranked by, and series.
 */
export function leaderboardTable(rows: readonly LeaderboardRow[]): Table {
  return tableOf(columns, rows.toSorted(byPlace));
}

function byPlace(a: LeaderboardRow, b: LeaderboardRow): number {
  const order = (x: string, y: string) => (x < y ? -1 : x > y ? 1 : 0);
  const [one, other] = [a, b].map(targetOf);
  return (
    order(a.table.network.dataset, b.table.network.dataset) ||
    order(a.table.network.network, b.table.network.network) ||
    order(one.axis, other.axis) ||
    one.at - other.at ||
    order(a.table.benchmark, b.table.benchmark) ||
    order(a.table.scale, b.table.scale) ||
    order(
      a.kind === 'dense' ? '' : a.table.network.granularity,
      b.kind === 'dense' ? '' : b.table.network.granularity,
    ) ||
    rankOf(a) - rankOf(b) ||
    comparedBy(a) - comparedBy(b) ||
    order(seriesOf(a), seriesOf(b))
  );
}

/** Dense networks come first, cells without a rank last. */
function rankOf(row: LeaderboardRow): number {
  return row.kind === 'dense' ? 0 : (row.rank?.rank ?? Number.MAX_SAFE_INTEGER);
}

/** Smaller for what is better; what nobody knows comes last. */
function comparedBy(row: LeaderboardRow): number {
  if (row.kind === 'dense') return 0;
  const { compared } = row.table.kind;
  const value = compared.over(row.cell)?.mean;
  if (value === undefined) return Number.MAX_VALUE;
  return compared.better === 'lower' ? value : -value;
}
