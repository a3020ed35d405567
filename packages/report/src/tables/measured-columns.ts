import { axes, type Granularity } from '@prunebench/core';
import type { PublishedValue } from '../published.ts';
import type { Estimate } from '../statistics/estimate.ts';
import { type Cell, collapsedSeeds, seedCount } from '../summary/cell.ts';
import { compressionAt } from '../summary/compression.ts';
import type { DenseReference } from '../summary/dense.ts';
import type { NetworkSummary } from '../summary/summary.ts';
import { formatFixed, formatNumber, logical } from './format.ts';
import { speedColumns } from './speed-columns.ts';

/** A row of the tidy table: a dense network, a cell, or a published value. */
export type MeasuredRow = { readonly network: NetworkSummary } & (
  | { readonly kind: 'dense'; readonly dense: DenseReference }
  | { readonly kind: 'measured'; readonly cell: Cell; readonly rank: number | null }
  | { readonly kind: 'published'; readonly value: PublishedValue }
);

type Text = string | undefined;

/** A column of the tidy table: its name, with the unit, and what rows of each kind have in it. */
export interface MeasuredColumn {
  readonly head: string;
  text(row: MeasuredRow): Text;
}

interface Sources {
  readonly dense?: (reference: DenseReference, network: NetworkSummary) => Text;
  readonly measured?: (cell: Cell, rank: number | null) => Text;
  readonly published?: (value: PublishedValue, network: NetworkSummary) => Text;
}

/** A column from what each kind of row has in it; nothing where a kind is left out. */
export function column(head: string, { dense, measured, published }: Sources): MeasuredColumn {
  return {
    head,
    text(row) {
      if (row.kind === 'dense') return dense?.(row.dense, row.network);
      return row.kind === 'measured' ? measured?.(row.cell, row.rank) : published?.(row.value, row.network);
    },
  };
}

const PARTS = ['mean', 'low', 'high', 'sd'] as const;

/** Mean, ends of the interval and standard deviation, a column each: "test_error_mean_percent". */
export function intervalColumns<Row>(
  name: string,
  unit: string,
  of: (row: Row) => Estimate | null | undefined,
  format = (value: number) => formatFixed(value, 4),
) {
  return PARTS.map((part) => ({
    head: `${name}_${part}_${unit}`,
    text: (row: Row) => optional(of(row)?.[part], format),
  }));
}

/** The same of the tidy table's rows. */
export function measuredInterval(
  name: string,
  unit: string,
  measured: (cell: Cell) => Estimate | null,
  dense: (reference: DenseReference) => Estimate | null = () => null,
): MeasuredColumn[] {
  return intervalColumns(name, unit, (row: MeasuredRow) => {
    if (row.kind === 'dense') return dense(row.dense);
    return row.kind === 'measured' ? measured(row.cell) : null;
  });
}

export function optional<T>(value: T | null | undefined, format: (value: T) => string): string {
  return value === null || value === undefined ? '' : format(value);
}

const mean = (value: Estimate | null, digits: number) => optional(value, ({ mean: m }) => formatNumber(m, digits));
const percentOf = (value: Estimate | null) => optional(value, ({ mean: m }) => formatNumber(m * 100, 6));

/** Says what the requested sparsity is a share of, in tables where it is not single weights everywhere. */
function granularityColumn<Row>(
  all: readonly { readonly granularity: Granularity }[],
  text: (row: Row) => string | undefined,
) {
  return all.some(({ granularity }) => granularity === 'unit') ? [{ head: 'granularity', text }] : [];
}

const POINTS = {
  units: 'requested_units_percent',
  multiplyAdds: 'requested_multiply_adds_percent',
  lambda: 'lambda',
} as const;

/** A point of an axis as CSV files hold it, in the column of that axis. */
export function pointColumns<Row>(
  networks: readonly NetworkSummary[],
  pointOf: (row: Row) => AxisPosition | undefined,
) {
  return axes
    .filter((axis) => axis !== 'sparsity')
    .filter((axis) => networks.some((network) => network.axis === axis))
    .map((axis) => ({
      head: POINTS[axis],
      text(row: Row): Text {
        const point = pointOf(row);
        if (point?.axis !== axis) return undefined;
        return axis === 'lambda' ? String(point.at) : formatNumber(point.at * 100, 6);
      },
    }));
}

/** Where a cell or a comparison is. */
export interface AxisPosition extends Pick<Cell, 'axis' | 'at'> {}

/** The requested sparsity of a point, in percent; nothing for a point of another axis. */
export function requestedPercent({ axis, at }: AxisPosition): Text {
  return axis === 'sparsity' ? formatNumber(at * 100, 6) : undefined;
}

const isComparable = ({ measure, error }: PublishedValue) =>
  (measure === 'final' || measure === 'best-epoch') && error !== null;

/** `intervals` with the mean of published values, which are test errors, put beside ours. */
function withPublished(intervals: MeasuredColumn[], value: (error: number) => number): MeasuredColumn[] {
  return intervals.map((each, part) => ({
    ...each,
    text: (row) =>
      part === 0 && row.kind === 'published' && isComparable(row.value)
        ? formatNumber(value(row.value.error!), 4)
        : each.text(row),
  }));
}

const remainingParameters = column('remaining_parameters', {
  measured: ({ remainingParameters: left }) => mean(left, 2),
});

/** Columns of the tidy table that these networks need; `sizes` take the place of the mean of the parameters left, `recorded` follow them. */
export function measuredColumns(
  networks: readonly NetworkSummary[],
  sizes: readonly MeasuredColumn[] = [remainingParameters],
  recorded: readonly MeasuredColumn[] = [],
): MeasuredColumn[] {
  const cells = networks.flatMap((network) => network.cells);
  // Records of earlier versions do not say which weights lie on a path.
  const effective = cells.some(({ effectiveSparsity }) => effectiveSparsity !== null);
  const point = (row: MeasuredRow) => (row.kind === 'measured' ? row.cell : undefined);
  const reached = networks.some(({ axis }) => axis !== 'sparsity');
  return [
    { head: 'kind', text: ({ kind }) => kind },
    { head: 'dataset', text: ({ network }) => network.dataset },
    { head: 'network', text: ({ network }) => network.network },
    column('series', {
      dense: ({ name }) => name,
      measured: ({ series }) => series,
      published: ({ series }) => series,
    }),
    column('control', { measured: ({ control }) => logical(control) }),
    column('method', { measured: ({ method }) => method }),
    ...granularityColumn(networks, ({ kind, network }: MeasuredRow) =>
      kind === 'measured' ? network.granularity : undefined,
    ),
    column('pretrain_epochs', {
      dense: ({ epochs }) => formatNumber(epochs, 4),
      measured: ({ budget }) => formatNumber(budget.pretrain, 4),
    }),
    column('retrain_epochs', { dense: () => '0', measured: ({ budget }) => formatNumber(budget.retrain, 4) }),
    column('requested_sparsity_percent', {
      dense: () => '0',
      measured: requestedPercent,
      published: ({ sparsity }) => optional(sparsity, (share) => formatNumber(share * 100, 6)),
    }),
    ...pointColumns(networks, point),
    column('achieved_sparsity_percent', { measured: ({ achievedSparsity }) => percentOf(achievedSparsity) }),
    ...(reached ? reachedInterval : []),
    ...(effective
      ? [column('effective_sparsity_percent', { measured: ({ effectiveSparsity: share }) => percentOf(share) })]
      : []),
    column('compression_ratio', {
      measured: ({ compressionRatio }) => mean(compressionRatio, 4),
      published: ({ sparsity }, { size }) => optional(sparsity, (share) => formatNumber(compressionAt(size, share), 4)),
    }),
    column('theoretical_speedup', { measured: ({ theoreticalSpeedup }) => mean(theoreticalSpeedup, 4) }),
    ...speedColumns(cells).map(({ head, text }) => column(head, { measured: text })),
    ...sizes,
    ...recorded,
    ...outcomeColumns(effective),
    ...sourceColumns,
  ];
}

/** Where the sparsity is a result, its interval is one too. */
const reachedInterval: readonly MeasuredColumn[] = (['low', 'high'] as const).map((part) =>
  column(`achieved_sparsity_${part}_percent`, {
    measured: ({ achievedSparsity }) => optional(achievedSparsity?.[part], (share) => formatNumber(share * 100, 6)),
  }),
);

/** What the trials came to. */
function outcomeColumns(effective: boolean): MeasuredColumn[] {
  const cut = column('seeds_without_path', {
    measured: ({ effectiveSparsity, cutSeeds }) => (effectiveSparsity ? String(cutSeeds.length) : ''),
  });
  const accuracy = measuredInterval(
    'test_accuracy',
    'percent',
    (cell) => cell.accuracy,
    (dense) => dense.accuracy,
  );
  const error = measuredInterval(
    'test_error',
    'percent',
    (cell) => cell.error,
    (dense) => dense.error,
  );
  return [
    column('smallest_layer_density_percent', { measured: ({ smallestDensity }) => percentOf(smallestDensity) }),
    column('seeds', { dense: ({ trials }) => String(trials.length), measured: (cell) => String(seedCount(cell)) }),
    column('failed_seeds', { measured: (cell) => String(cell.failures.length) }),
    column('rank', { measured: (_, rank) => optional(rank, String) }),
    ...withPublished(accuracy, (value) => 100 - value),
    ...withPublished(error, (value) => value),
    ...measuredInterval('test_accuracy_before_retraining', 'percent', (cell) => cell.prunedAccuracy),
    ...measuredInterval('test_accuracy_at_best_validation', 'percent', (cell) => cell.bestValidationAccuracy),
    column('collapsed_seeds', { measured: (cell) => String(collapsedSeeds(cell)) }),
    column('collapsed_layers', {
      measured: ({ collapsed }) =>
        collapsed.map(({ layer, seeds }) => `${layer} (seeds ${seeds.join(' ')})`).join('; '),
    }),
    ...(effective ? [cut] : []),
    column('failures', {
      measured: ({ failures }) => failures.map(({ seed, reason }) => `seed ${seed}: ${reason}`).join('; '),
    }),
  ];
}

/** What it took, and where the numbers come from. */
const sourceColumns: readonly MeasuredColumn[] = [
  column('trained_examples', { measured: ({ trainedExamples }) => mean(trainedExamples, 0) }),
  column('compute_seconds', { measured: ({ computeSeconds }) => mean(computeSeconds, 1) }),
  column('commits', { measured: ({ commits }) => commits.join(' ') }),
  column('published_in', { published: ({ label }) => label }),
  column('published_metric', { published: ({ row }) => row.metric }),
  column('published_at', { published: ({ row }) => row.sparsity_percent_or_compression }),
  column('published_value', { published: ({ row }) => row.value }),
  column('published_plus_minus', { published: ({ row }) => row.plus_minus }),
  column('published_confidence', { published: ({ row }) => row.confidence }),
];
