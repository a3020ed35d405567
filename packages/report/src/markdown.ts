import type { Benchmark } from '@prunebench/core';
import { markdownTable } from 'markdown-table';
import {
  type CellQuantity,
  collapsedSeeds,
  formatEstimate,
  formatMeasured,
  markStanding,
  properName,
  type Quantity,
  quantityOf,
  seedCount,
} from './display.ts';
import { formatFixed, formatNumber, formatPercent } from './format.ts';
import { compareSeries } from './paired-tests.ts';
import { belongsTo, type PublishedValue } from './published.ts';
import { rankCells, type Standing, standings } from './ranks.ts';
import { sizeColumn, sizeRows } from './size-table.ts';
import { speedStatements } from './speed-statements.ts';
import { speedNotes, speedRows } from './speed-table.ts';
import { batchSizesOf } from './speedup.ts';
import { statements } from './statements.ts';
import { type Cell, cellOf, type NetworkSummary, type Summary } from './summary.ts';

type Standings = ReadonlyMap<Cell, Standing>;

const NOTES = {
  density: 'Nothing is trained here: remaining weights of the thinnest layer, mean over seeds.',
  sizes: 'Parameters with biases, weights without; how many is the result, the sparsity was not asked for.',
  speed: 'For filters and neurons, what was asked for is a share of these.',
  single: 'After the last epoch.',
  interval: 'Mean over seeds ± half the 95 % t-interval, after the last epoch.',
  cut: 'An interval that would leave what is possible (0 to 100 %, no to all parameters) is cut there, and both its ends stand in brackets.',
  bold: 'Bold: the best.',
  level:
    '≈ not separated from the best by the paired t-test (5 %, Holm-corrected over all pairs of series in the column), and its mean lies in the interval of the best; without a mark: separated, or farther off.',
  collapse:
    '‡ a layer lost all its weights, or no weight is left on a path from input to output (in how many of the seeds).',
  recalled: '† quoted from memory, not yet checked against the paper.',
  bestEpoch: '§ the paper prints its best test epoch, not the last.',
  at: 'A published value that was measured at another sparsity stands in the nearest column and says where.',
} as const;

const TITLES: Readonly<Record<Quantity, string>> = {
  error: 'test error, in % at each sparsity',
  accuracy: 'test accuracy, in % at each sparsity',
  density: 'density of the layer that kept the smallest share of its weights, in % at each sparsity',
  size: 'what is left',
  speed: 'speed-up and file sizes',
};

/** The table of a summary with what the tests say about it: what is printed on a terminal. */
export function markdownSummary(summary: Summary, benchmark: Benchmark, published: readonly PublishedValue[]): string {
  const sections = summary.networks.map((network) => networkSection(network, benchmark, published, summary.scale));
  const said = statements(summary, benchmark.comparisons);
  const findings =
    said.length === 0 ? [] : [`What the paired tests say:\n\n${said.map((line) => `- ${line}`).join('\n')}`];
  return `${[...sections, ...findings].join('\n\n')}\n`;
}

/** Every cell in full, a row each: what the README folds away. */
export function markdownDetails(summary: Summary): string {
  return `${summary.networks.map(detailsSection).join('\n\n')}\n`;
}

/** The table of one network with its legend and what else was published. */
export function networkSection(
  network: NetworkSummary,
  benchmark: Benchmark,
  published: readonly PublishedValue[],
  scale: string,
): string {
  const quantity = quantityOf(network);
  const values = published.filter((value) => belongsTo(value, network));
  const title = `**${properName(network.network)} on ${properName(network.dataset)}: ${TITLES[quantity]}** (scale \`${scale}\`)`;
  if (quantity === 'size') {
    const marks = standings(network, compareSeries(network));
    const table = alignedTable(sizeRows(network, benchmark, values, marks, seriesName));
    const elsewhere = values.filter((value) => sizeColumn(value, benchmark) === null);
    return [title, table, ...remarks(network, quantity, elsewhere, table)].join('\n\n');
  }
  if (quantity === 'speed') {
    const said = speedStatements(network);
    const table = alignedTable(speedRows(network, seriesName));
    const findings = said.length === 0 ? [] : [said.map((line) => `- ${line}`).join('\n')];
    return [title, table, ...remarks(network, quantity, values, table), ...findings].join('\n\n');
  }
  const table = quantity === 'density' ? collapseTable(network) : accuracyTable(network, values, quantity);
  const elsewhere = values.filter((value) => quantity === 'density' || !isShown(value));
  return [title, table, ...remarks(network, quantity, elsewhere, table)].join('\n\n');
}

function accuracyTable(
  network: NetworkSummary,
  values: readonly PublishedValue[],
  quantity: 'error' | 'accuracy',
): string {
  const marks = standings(network, compareSeries(network));
  const columns =
    network.dense.length > 0 && !network.sparsities.includes(0) ? [0, ...network.sparsities] : network.sparsities;
  const rows = [
    ...network.dense.flatMap(({ name, [quantity]: estimate }) => [
      [name, ...columns.map((sparsity) => (sparsity === 0 ? formatEstimate(estimate) : ''))],
      ...publishedRows(values, name, columns, quantity),
    ]),
    ...network.series.flatMap(({ name, control }) => [
      [
        seriesName(name, control),
        ...columns.map((sparsity) => tableCell(cellOf(network, name, sparsity), quantity, marks)),
      ],
      ...publishedRows(values, name, columns, quantity),
    ]),
  ];
  return alignedTable([['', ...columns.map((sparsity) => `${formatPercent(sparsity)} %`)], ...rows]);
}

/** For tables that train nothing: how thin the thinnest layer gets, and where the first one is empty. */
function collapseTable(network: NetworkSummary): string {
  const rows = network.series.map(({ name, control }) => {
    const cells = network.sparsities.map((sparsity) => cellOf(network, name, sparsity));
    const first = cells.find((cell) => cell !== undefined && cell.collapsed.length > 0);
    const at = first && `${formatPercent(first.sparsity)} % (${formatNumber(1 / (1 - first.sparsity), 1)}×)`;
    return [seriesName(name, control), ...cells.map((cell) => tableCell(cell, 'density', new Map())), at ?? 'none'];
  });
  return alignedTable([
    ['', ...network.sparsities.map((sparsity) => `${formatPercent(sparsity)} %`), 'first empty layer'],
    ...rows,
  ]);
}

function seriesName(name: string, control: boolean): string {
  return control ? `control: ${name}` : name;
}

function alignedTable(rows: readonly (readonly string[])[]): string {
  return markdownTable(rows, {
    align: rows[0]!.map((_, index) => (index === 0 ? 'l' : 'r')),
    stringLength: (text) => [...text].length,
  });
}

function tableCell(cell: Cell | undefined, quantity: CellQuantity, marks: Standings): string {
  if (cell === undefined) return '';
  const number = markStanding(cellNumber(cell, quantity), marks.get(cell));
  const failed = cell.failures.length === 0 ? '' : `failed ${cell.failures.length}/${seedCount(cell)}`;
  const collapsed = collapsedSeeds(cell) === 0 ? '' : `‡${collapsedSeeds(cell)}/${seedCount(cell)}`;
  return [number, collapsed, failed].filter((part) => part !== '').join(' ');
}

function cellNumber(cell: Cell, quantity: CellQuantity): string {
  if (quantity === 'density') return cell.smallestDensity ? formatNumber(cell.smallestDensity.mean * 100, 3) : '';
  const estimate = cell[quantity];
  return estimate ? formatEstimate(estimate) : '';
}

/** Published values as rows of their own below the series they belong to, each in the column nearest to its sparsity. */
function publishedRows(
  values: readonly PublishedValue[],
  series: string,
  columns: readonly number[],
  quantity: 'error' | 'accuracy',
): string[][] {
  const shown = values.filter((value) => value.series === series && isShown(value));
  const byLabel = Map.groupBy(shown, ({ label }) => label);
  return [...byLabel].map(([label, ofLabel]) => {
    const cells: string[][] = columns.map(() => []);
    for (const value of ofLabel)
      cells[nearest(columns, value.sparsity!)]!.push(publishedCell(value, columns, quantity));
    return [`*${label}*`, ...cells.map((texts) => texts.join(', '))];
  });
}

function isShown({ error, sparsity, measure }: PublishedValue): boolean {
  return error !== null && sparsity !== null && measure !== 'before-retraining';
}

function publishedCell(value: PublishedValue, columns: readonly number[], quantity: 'error' | 'accuracy'): string {
  const number = formatNumber(quantity === 'error' ? value.error! : 100 - value.error!, 4);
  const marks = `${value.recalled ? '†' : ''}${value.measure === 'best-epoch' ? '§' : ''}`;
  const near = columns[nearest(columns, value.sparsity!)]!;
  const at = Math.abs(near - value.sparsity!) < 5e-5 ? '' : ` at ${formatPercent(value.sparsity!, 1)} %`;
  return `*${number}${marks}${at}*`;
}

/** By compression, so that 98.5 % is nearer to 99 % than its distance in points says. */
function nearest(columns: readonly number[], sparsity: number): number {
  const distance = (column: number) => Math.abs(Math.log((1 - column) / (1 - sparsity)));
  return columns.reduce((best, column, index) => (distance(column) < distance(columns[best]!) ? index : best), 0);
}

function remarks(
  network: NetworkSummary,
  quantity: Quantity,
  elsewhere: readonly PublishedValue[],
  table: string,
): string[] {
  const counts = [...new Set(network.cells.map(seedCount))].sort((a, b) => a - b).join(' to ');
  const legend = [
    `${counts} ${counts === '1' ? 'seed' : 'seeds'}.`,
    ...(quantity === 'speed' ? speedNotes(network) : []),
    noteOn(quantity, counts),
    ...(/ \([\d.]+ to [\d.]+\)/.test(table) ? [NOTES.cut] : []),
    ...(table.includes('**') ? [NOTES.bold] : []),
    ...(table.includes('≈') ? [NOTES.level] : []),
    ...(table.includes('‡') ? [NOTES.collapse] : []),
    ...(table.includes('†') ? [NOTES.recalled] : []),
    ...(table.includes('§') ? [NOTES.bestEpoch] : []),
    ...(/ at [\d.]+ %\*/.test(table) ? [NOTES.at] : []),
  ].join(' ');
  const failures = network.cells.flatMap((cell) =>
    cell.failures.map(
      ({ seed, reason }) => `- ${cell.series}, ${formatPercent(cell.sparsity)} %, seed ${seed}: ${reason}`,
    ),
  );
  return [
    legend,
    ...(failures.length === 0 ? [] : [`Trials that failed:\n\n${failures.join('\n')}`]),
    ...(elsewhere.length === 0 ? [] : [`Also published:\n\n${elsewhere.map(otherPublished).join('\n')}`]),
  ];
}

function noteOn(quantity: Quantity, seeds: string): string {
  if (quantity === 'density') return NOTES.density;
  if (quantity === 'speed') return NOTES.speed;
  if (quantity === 'size') return seeds === '1' ? NOTES.sizes : `${NOTES.sizes} ${NOTES.interval}`;
  return seeds === '1' ? NOTES.single : NOTES.interval;
}

function otherPublished({ label, row, series, recalled }: PublishedValue): string {
  const at = row.sparsity_percent_or_compression === '' ? '' : ` at ${row.sparsity_percent_or_compression}`;
  return `- ${label}, beside ${series}: ${row.metric}${at}: ${row.value}${recalled ? '† (from memory)' : ''}`;
}

function detailsSection(network: NetworkSummary): string {
  const ranks = rankCells(network, compareSeries(network));
  const batchSizes = batchSizesOf(network.cells);
  const effective = network.cells.some(({ effectiveSparsity }) => effectiveSparsity !== null);
  const header = [
    'series',
    network.measure === 'size' ? 'at most, %' : 'sparsity, requested %',
    'achieved %',
    ...(effective ? ['effective %'] : []),
    'compression',
    'theoretical speed-up',
    ...batchSizes.map((size) => `measured, batch ${size}`),
    'parameters left',
    'smallest layer density %',
    'accuracy, last epoch %',
    'accuracy, best-validation epoch %',
    'accuracy before retraining %',
    'seeds',
    'failed',
    'rank',
  ];
  const optional = (text: string | undefined) => text ?? '–';
  const rows = network.cells.map((cell) => [
    seriesName(cell.series, cell.control),
    formatPercent(cell.sparsity),
    optional(cell.achievedSparsity ? formatFixed(cell.achievedSparsity.mean * 100, 3) : undefined),
    ...(effective
      ? [optional(cell.effectiveSparsity ? formatFixed(cell.effectiveSparsity.mean * 100, 3) : undefined)]
      : []),
    optional(cell.compressionRatio ? `${formatFixed(cell.compressionRatio.mean, 2)}×` : undefined),
    optional(cell.theoreticalSpeedup ? `${formatFixed(cell.theoreticalSpeedup.mean, 2)}×` : undefined),
    ...batchSizes.map((size) => optional(speedupAt(cell, size))),
    optional(cell.remainingParameters ? formatNumber(cell.remainingParameters.mean, 1) : undefined),
    optional(cell.smallestDensity ? formatNumber(cell.smallestDensity.mean * 100, 3) : undefined),
    optional(cell.accuracy ? formatEstimate(cell.accuracy) : undefined),
    optional(cell.bestValidationAccuracy ? formatEstimate(cell.bestValidationAccuracy) : undefined),
    optional(cell.prunedAccuracy ? formatEstimate(cell.prunedAccuracy) : undefined),
    String(seedCount(cell)),
    String(cell.failures.length),
    optional(ranks.get(cell)?.toString()),
  ]);
  const title = `**${properName(network.network)} on ${properName(network.dataset)}**`;
  const notes = network.measure === 'speed' ? [] : speedNotes(network);
  return [title, alignedTable([header, ...rows]), ...(notes.length > 0 ? [`Measured: ${notes.join(' ')}`] : [])].join(
    '\n\n',
  );
}

function speedupAt({ speedups }: Cell, size: number): string | undefined {
  const measured = speedups.find(({ batchSize }) => batchSize === size);
  return measured && formatMeasured(measured);
}
