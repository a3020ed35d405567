import { join } from 'node:path';
import type { Granularity, ScaleName, TrialRecord, TrialSpec } from '@prunebench/core';
import { writeWhole } from '@prunebench/files';
import { loadRecords } from '@prunebench/records';
import { isSameSparsity } from './compression.ts';
import { csv, granularityColumn, logical } from './csv.ts';
import { declaredRecords } from './declaration.ts';
import type { Estimate } from './estimate.ts';
import { formatFixed, formatNumber } from './format.ts';
import { compareSeries } from './paired-tests.ts';
import { belongsTo, type PublishedValue, publishedValues } from './published.ts';
import { rankCells } from './ranks.ts';
import type { ReportSource } from './report.ts';
import { speedColumns, speedFields } from './speed-columns.ts';
import { type Cell, type NetworkSummary, summarise } from './summary.ts';

export interface LeaderboardOptions {
  readonly resultsDir: string;
  /** All records of the results folder; read from it where they are left out. */
  readonly records?: readonly TrialRecord[];
  /** A trial's key; see `ReportOptions`. */
  readonly keyOf?: (spec: TrialSpec) => string;
}

interface Line {
  readonly cell: Cell;
  readonly granularity: Granularity;
  readonly rank: number | null;
  readonly benchmark: string;
  readonly scale: ScaleName;
  readonly published: readonly PublishedValue[];
}

const SCALES: readonly ScaleName[] = ['cpu', 'paper'];

/** Writes `<results>/leaderboard.csv` over all benchmarks, and returns its path. */
export async function writeLeaderboard(sources: readonly ReportSource[], options: LeaderboardOptions): Promise<string> {
  const records = options.records ?? (await loadRecords(options.resultsDir, { onCorrupt: 'report' })).records;
  const file = join(options.resultsDir, 'leaderboard.csv');
  await writeWhole(file, renderLeaderboard(sources, records, options.keyOf));
  return file;
}

/**
 * All trained cells of the `cpu` and `paper` scales, of networks whose trials are complete; not those of tables of sizes, whose
 * networks do not have a common sparsity, nor of tables of speed, which put structures and other tables' trials side by side. Ranks are among the series of
 * one benchmark and scale, which share pretrained weights and budget; series that the paired tests cannot separate share one.
 */
export function renderLeaderboard(
  sources: readonly ReportSource[],
  records: readonly TrialRecord[],
  keyOf?: (spec: TrialSpec) => string,
): string {
  const lines = sources.flatMap((source) => SCALES.flatMap((scale) => linesOf(source, scale, records, keyOf)));
  return csv(columns(lines), lines.sort(byPlace).map(row));
}

function linesOf(
  { benchmark, published }: ReportSource,
  scale: ScaleName,
  all: readonly TrialRecord[],
  keyOf?: (spec: TrialSpec) => string,
): Line[] {
  if (benchmark.measure === 'size' || benchmark.measure === 'speed') return [];
  const own = all.filter((record) => record.benchmark === benchmark.id);
  const { records, trials, completeFor } = declaredRecords(benchmark, scale, own, keyOf);
  const complete = records.filter(({ spec }) => completeFor(spec.dataset, spec.network));
  if (complete.length === 0) return [];
  const values = publishedValues(benchmark, published);
  return summarise(complete, trials).networks.flatMap((network) => networkLines(network, values, benchmark.id, scale));
}

function networkLines(
  network: NetworkSummary,
  values: readonly PublishedValue[],
  benchmark: string,
  scale: ScaleName,
): Line[] {
  const ranks = rankCells(network, compareSeries(network));
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
        isSameSparsity(value.sparsity, cell.sparsity),
    ),
  }));
}

/** By dataset, network, sparsity, benchmark, scale, then rank (unranked last), then accuracy. */
function byPlace(a: Line, b: Line): number {
  const order = (x: string, y: string) => (x < y ? -1 : x > y ? 1 : 0);
  return (
    order(a.cell.dataset, b.cell.dataset) ||
    order(a.cell.network, b.cell.network) ||
    a.cell.sparsity - b.cell.sparsity ||
    order(a.benchmark, b.benchmark) ||
    order(a.scale, b.scale) ||
    (a.rank ?? Number.MAX_SAFE_INTEGER) - (b.rank ?? Number.MAX_SAFE_INTEGER) ||
    (b.cell.accuracy?.mean ?? -1) - (a.cell.accuracy?.mean ?? -1) ||
    order(a.cell.series, b.cell.series)
  );
}

function row({ cell, granularity, rank, benchmark, scale, published }: Line): Record<string, string> {
  const fixed = (value: Estimate | null, part: 'mean' | 'low' | 'high') => {
    const number = value?.[part] ?? null;
    return number === null ? '' : formatFixed(number, 4);
  };
  const mean = (value: Estimate | null) => (value === null ? '' : formatNumber(value.mean, 4));
  return {
    dataset: cell.dataset,
    network: cell.network,
    sparsity_percent: formatNumber(cell.sparsity * 100, 6),
    rank: rank === null ? '' : String(rank),
    series: cell.series,
    control: logical(cell.control),
    method: cell.method,
    granularity,
    test_accuracy_mean_percent: fixed(cell.accuracy, 'mean'),
    test_accuracy_low_percent: fixed(cell.accuracy, 'low'),
    test_accuracy_high_percent: fixed(cell.accuracy, 'high'),
    seeds: String(cell.trials.length),
    failed_seeds: String(cell.failures.length),
    compression_ratio: mean(cell.compressionRatio),
    theoretical_speedup: mean(cell.theoreticalSpeedup),
    ...speedFields(cell),
    ...publishedFields(published),
    benchmark,
    scale,
    commits: cell.commits.join(' '),
  };
}

/** Published values beside a cell, each with columns of its own; `_2`, `_3` ... for what more than one paper prints. */
function publishedFields(published: readonly PublishedValue[]): Record<string, string> {
  const fields = published.flatMap(({ error, row: { confidence }, measure, label }, index) => {
    const values = [formatNumber(100 - error!, 4), confidence, measure === 'best-epoch' ? 'best' : 'last', label];
    return publishedColumns(index).map((column, i) => [column, values[i]!]);
  });
  return Object.fromEntries(fields);
}

function publishedColumns(index: number): string[] {
  const names = ['published_test_accuracy_percent', 'published_confidence', 'published_epoch', 'published_in'];
  return names.map((name) => (index === 0 ? name : `${name}_${index + 1}`));
}

/** The columns that these lines need. */
function columns(lines: readonly Line[]): string[] {
  const most = Math.max(1, ...lines.map(({ published }) => published.length));
  return [
    'dataset',
    'network',
    'sparsity_percent',
    'rank',
    'series',
    'control',
    'method',
    ...granularityColumn(lines),
    'test_accuracy_mean_percent',
    'test_accuracy_low_percent',
    'test_accuracy_high_percent',
    'seeds',
    'failed_seeds',
    'compression_ratio',
    'theoretical_speedup',
    ...speedColumns(lines.map(({ cell }) => cell)),
    ...Array.from({ length: most }, (_, index) => publishedColumns(index)).flat(),
    'benchmark',
    'scale',
    'commits',
  ];
}
