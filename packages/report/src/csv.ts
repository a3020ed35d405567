import { printableLines } from '@prunebench/core';
import { stringify } from 'csv-stringify/sync';
import { compressionAt } from './compression.ts';
import type { DenseReference } from './dense.ts';
import { collapsedSeeds, fewestParameters, seedCount } from './display.ts';
import type { Estimate } from './estimate.ts';
import { formatFixed, formatNumber } from './format.ts';
import { compareSeries, isSeparated } from './paired-tests.ts';
import { belongsTo, type PublishedValue } from './published.ts';
import { rankCells } from './ranks.ts';
import { speedColumns, speedFields } from './speed-columns.ts';
import type { Cell, Measure, NetworkSummary, Summary } from './summary.ts';

type Row = Readonly<Record<string, string>>;

/** Tidy table: a row for every dense network, cell and published value, with units in the column names. */
export function tableCsv(summary: Summary, published: readonly PublishedValue[]): string {
  const rows = summary.networks.flatMap((network) => {
    const ranks = rankCells(network, compareSeries(network));
    return [
      ...network.dense.map((reference) => denseRow(network, reference)),
      ...network.cells.map((cell) => ({ ...cellRow(cell, ranks.get(cell) ?? null), granularity: network.granularity })),
      ...published.filter((value) => belongsTo(value, network)).map((value) => publishedRow(network, value)),
    ];
  });
  return csv(tableColumns(summary), rows);
}

/** Every pair of series at every sparsity: the difference, both paired tests, raw and corrected. */
export function comparisonsCsv(summary: Summary): string {
  const rows = summary.networks.flatMap((network) =>
    compareSeries(network).map(
      (test): Row => ({
        dataset: network.dataset,
        network: network.network,
        requested_sparsity_percent: formatNumber(test.sparsity * 100, 6),
        first: test.first,
        second: test.second,
        pairs: String(test.difference?.n ?? 0),
        ...(summary.measure === 'size'
          ? interval('remaining_difference', 'parameters', test.difference)
          : interval('accuracy_difference', 'points', test.difference)),
        paired_t_p: optional(test.tTest, pValue),
        paired_t_p_holm: optional(test.tTestHolm, pValue),
        wilcoxon_p: optional(test.wilcoxon, pValue),
        wilcoxon_p_holm: optional(test.wilcoxonHolm, pValue),
        holm_family: `every pair of series of ${network.network} on ${network.dataset} at ${formatNumber(test.sparsity * 100, 6)} %`,
        tests_in_family: String(test.family),
        separated: test.tTestHolm === null ? '' : logical(isSeparated(test)),
        note: test.note ?? '',
      }),
    ),
  );
  return csv(comparisonColumns(summary.measure), rows);
}

/**
 * Text of a CSV file with exactly these columns, for R, pandas and spreadsheets alike. A missing value is an empty field, and so is
 * a number that is not finite, for which every reader has another word; control characters other than line breaks and tabs are written out.
 */
export function csv(columns: readonly string[], rows: readonly Row[]): string {
  return stringify(rows as Row[], {
    header: true,
    columns: [...columns],
    record_delimiter: 'unix',
    cast: { string: (text) => (/^(NaN|-?Infinity)$/.test(text) ? '' : printableLines(text)) },
  });
}

/** A truth as R and pandas read it. */
export function logical(value: boolean): string {
  return value ? 'TRUE' : 'FALSE';
}

function denseRow({ dataset, network, size }: NetworkSummary, reference: DenseReference): Row {
  const { name, epochs, trials, accuracy, error, validationAccuracy } = reference;
  return {
    kind: 'dense',
    dataset,
    network,
    series: name,
    pretrain_epochs: formatNumber(epochs, 4),
    retrain_epochs: '0',
    requested_sparsity_percent: '0',
    remaining_mean_parameters: optional(size?.parameters, String),
    remaining_weights: optional(size?.weights, String),
    seeds: String(trials.length),
    ...interval('test_accuracy', 'percent', accuracy),
    ...interval('test_error', 'percent', error),
    ...interval('validation_accuracy', 'percent', validationAccuracy),
  };
}

function cellRow(cell: Cell, rank: number | null): Row {
  const mean = (value: Estimate | null, digits: number) => optional(value, ({ mean: m }) => formatNumber(m, digits));
  return {
    kind: 'measured',
    dataset: cell.dataset,
    network: cell.network,
    series: cell.series,
    control: logical(cell.control),
    method: cell.method,
    pretrain_epochs: formatNumber(cell.budget.pretrain, 4),
    retrain_epochs: formatNumber(cell.budget.retrain, 4),
    requested_sparsity_percent: formatNumber(cell.sparsity * 100, 6),
    achieved_sparsity_percent: optional(cell.achievedSparsity, ({ mean: m }) => formatNumber(m * 100, 6)),
    effective_sparsity_percent: optional(cell.effectiveSparsity, ({ mean: m }) => formatNumber(m * 100, 6)),
    compression_ratio: mean(cell.compressionRatio, 4),
    theoretical_speedup: mean(cell.theoreticalSpeedup, 4),
    ...speedFields(cell),
    remaining_parameters: mean(cell.remainingParameters, 2),
    remaining_weights: mean(cell.remainingWeights, 2),
    ...interval('remaining', 'parameters', cell.remainingParameters),
    fewest_remaining_parameters: optional(fewestParameters(cell), String),
    ...interval('validation_accuracy', 'percent', cell.validationAccuracy),
    smallest_layer_density_percent: optional(cell.smallestDensity, ({ mean: m }) => formatNumber(m * 100, 6)),
    seeds: String(seedCount(cell)),
    failed_seeds: String(cell.failures.length),
    rank: rank === null ? '' : String(rank),
    ...interval('test_accuracy', 'percent', cell.accuracy),
    ...interval('test_error', 'percent', cell.error),
    ...interval('test_accuracy_before_retraining', 'percent', cell.prunedAccuracy),
    ...interval('test_accuracy_at_best_validation', 'percent', cell.bestValidationAccuracy),
    collapsed_seeds: String(collapsedSeeds(cell)),
    seeds_without_path: cell.effectiveSparsity ? String(cell.cutSeeds.length) : '',
    collapsed_layers: cell.collapsed.map(({ layer, seeds }) => `${layer} (seeds ${seeds.join(' ')})`).join('; '),
    failures: cell.failures.map(({ seed, reason }) => `seed ${seed}: ${reason}`).join('; '),
    trained_examples: mean(cell.trainedExamples, 0),
    compute_seconds: mean(cell.computeSeconds, 1),
    commits: cell.commits.join(' '),
  };
}

function publishedRow({ dataset, network, size }: NetworkSummary, value: PublishedValue): Row {
  const { series, error, sparsity, row, label } = value;
  const comparable = value.measure === 'final' || value.measure === 'best-epoch';
  return {
    kind: 'published',
    dataset,
    network,
    series,
    requested_sparsity_percent: optional(sparsity, (share) => formatNumber(share * 100, 6)),
    compression_ratio: optional(sparsity, (share) => formatNumber(compressionAt(size, share), 4)),
    ...(comparable && error !== null
      ? { test_accuracy_mean_percent: formatNumber(100 - error, 4), test_error_mean_percent: formatNumber(error, 4) }
      : {}),
    published_in: label,
    published_metric: row.metric,
    published_at: row.sparsity_percent_or_compression,
    published_value: row.value,
    published_plus_minus: row.plus_minus,
    published_confidence: row.confidence,
  };
}

function interval(name: string, unit: string, estimate: Estimate | null): Row {
  return Object.fromEntries(
    (['mean', 'low', 'high', 'sd'] as const).map((part) => [
      `${name}_${part}_${unit}`,
      optional(estimate?.[part], (value) => formatFixed(value, 4)),
    ]),
  );
}

function optional<T>(value: T | null | undefined, format: (value: T) => string): string {
  return value === null || value === undefined ? '' : format(value);
}

function pValue(p: number): string {
  return String(Number(p.toPrecision(4)));
}

const intervalColumns = (name: string, unit: string) =>
  ['mean', 'low', 'high', 'sd'].map((part) => `${name}_${part}_${unit}`);

/** Says what the requested sparsity is a share of, in tables where it is not single weights everywhere. */
export function granularityColumn(networks: readonly Pick<NetworkSummary, 'granularity'>[]): string[] {
  return networks.some(({ granularity }) => granularity === 'unit') ? ['granularity'] : [];
}

/** What only tables of sizes have. */
const sizeColumns = [
  ...intervalColumns('remaining', 'parameters'),
  'fewest_remaining_parameters',
  'remaining_weights',
  ...intervalColumns('validation_accuracy', 'percent'),
];

/** Records of earlier versions do not say which weights lie on a path. */
const hasEffective = (networks: Summary['networks']) =>
  networks.some(({ cells }) => cells.some(({ effectiveSparsity }) => effectiveSparsity !== null));

const tableColumns = ({ measure, networks }: Summary) => [
  'kind',
  'dataset',
  'network',
  'series',
  'control',
  'method',
  ...granularityColumn(networks),
  'pretrain_epochs',
  'retrain_epochs',
  'requested_sparsity_percent',
  'achieved_sparsity_percent',
  ...(hasEffective(networks) ? ['effective_sparsity_percent'] : []),
  'compression_ratio',
  'theoretical_speedup',
  ...speedColumns(networks.flatMap(({ cells }) => cells)),
  ...(measure === 'size' ? sizeColumns : ['remaining_parameters']),
  'smallest_layer_density_percent',
  'seeds',
  'failed_seeds',
  'rank',
  ...intervalColumns('test_accuracy', 'percent'),
  ...intervalColumns('test_error', 'percent'),
  ...intervalColumns('test_accuracy_before_retraining', 'percent'),
  ...intervalColumns('test_accuracy_at_best_validation', 'percent'),
  'collapsed_seeds',
  'collapsed_layers',
  ...(hasEffective(networks) ? ['seeds_without_path'] : []),
  'failures',
  'trained_examples',
  'compute_seconds',
  'commits',
  'published_in',
  'published_metric',
  'published_at',
  'published_value',
  'published_plus_minus',
  'published_confidence',
];

const comparisonColumns = (measure: Measure) => [
  'dataset',
  'network',
  'requested_sparsity_percent',
  'first',
  'second',
  'pairs',
  ...(measure === 'size'
    ? intervalColumns('remaining_difference', 'parameters')
    : intervalColumns('accuracy_difference', 'points')),
  'paired_t_p',
  'paired_t_p_holm',
  'wilcoxon_p',
  'wilcoxon_p_holm',
  'holm_family',
  'tests_in_family',
  'separated',
  'note',
];
