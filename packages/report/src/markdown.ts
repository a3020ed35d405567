import type { Benchmark } from '@prunebench/core';
import { markdownTable } from 'markdown-table';
import { budgetNote } from './budget.ts';
import { isNearSparsity } from './compression.ts';
import {
  type CellQuantity,
  collapsedSeeds,
  formatEstimate,
  markStanding,
  networkTitle,
  type Quantity,
  quantityOf,
  seedCount,
} from './display.ts';
import { escapeMarkdown } from './escape.ts';
import { formatFixed, formatNumber, formatPercent } from './format.ts';
import { compareSeries } from './paired-tests.ts';
import { belongsTo, type PublishedValue } from './published.ts';
import { type Places, publishedList, publishedRows, withoutPlace } from './published-rows.ts';
import { rankCells, type Standing, standings } from './ranks.ts';
import { sizeColumn, sizeRows } from './size-table.ts';
import { speedStatements } from './speed-statements.ts';
import { speedNote, speedRows, speedupAt } from './speed-table.ts';
import { batchSizesOf, withheldNote } from './speedup.ts';
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
  achieved: '*At*: the share of the weights that was really removed, far from what was asked for.',
  units: 'What was asked for is a share of units; the weights that go with them are another share.',
  at: 'A published value that was measured at another sparsity stands in the nearest column, where one is near, and says where.',
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
    said.length === 0
      ? []
      : [`What the paired tests say:\n\n${said.map((line) => `- ${escapeMarkdown(line)}`).join('\n')}`];
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
  const title = `**${titleOf(network)}: ${TITLES[quantity]}** (scale \`${scale}\`)`;
  if (quantity === 'size') {
    const marks = standings(network, compareSeries(network));
    const table = alignedTable(sizeRows(network, benchmark, values, marks, seriesName));
    const elsewhere = values.filter((value) => sizeColumn(value, benchmark) === null);
    return [title, table, ...remarks(network, quantity, elsewhere, table)].join('\n\n');
  }
  if (quantity === 'speed') {
    const said = speedStatements(network);
    const table = alignedTable(speedRows(network, seriesName));
    const findings = said.length === 0 ? [] : [said.map((line) => `- ${escapeMarkdown(line)}`).join('\n')];
    return [title, table, ...remarks(network, quantity, values, table), ...findings].join('\n\n');
  }
  if (quantity === 'density') {
    const table = collapseTable(network);
    return [title, table, ...remarks(network, quantity, values, table)].join('\n\n');
  }
  const places = placesOf(network);
  const table = accuracyTable(network, places.columns, values, quantity);
  return [title, table, ...remarks(network, quantity, withoutPlace(values, places), table)].join('\n\n');
}

/** The columns and rows of a table that has a column for each sparsity. */
function placesOf({ dense, series, sparsities }: NetworkSummary): Places {
  return {
    columns: dense.length > 0 && !sparsities.includes(0) ? [0, ...sparsities] : sparsities,
    rows: [...dense, ...series].map(({ name }) => name),
  };
}

function accuracyTable(
  network: NetworkSummary,
  columns: readonly number[],
  values: readonly PublishedValue[],
  quantity: 'error' | 'accuracy',
): string {
  const marks = standings(network, compareSeries(network));
  const rows = [
    ...network.dense.flatMap(({ name, [quantity]: estimate }) => [
      [escapeMarkdown(name), ...columns.map((sparsity) => (sparsity === 0 ? formatEstimate(estimate) : ''))],
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

function titleOf(network: NetworkSummary): string {
  return escapeMarkdown(networkTitle(network));
}

function seriesName(name: string, control: boolean): string {
  return escapeMarkdown(control ? `control: ${name}` : name);
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
  const achieved = quantity === 'density' ? '' : achievedElsewhere(cell);
  return [number, achieved, collapsed, failed].filter((part) => part !== '').join(' ');
}

/** Where a cell's networks lost another share of their weights than its column says. */
function achievedElsewhere({ achievedSparsity, sparsity }: Cell): string {
  if (achievedSparsity === null || isNearSparsity(achievedSparsity.mean, sparsity)) return '';
  return `at ${formatPercent(achievedSparsity.mean, 1)} %`;
}

function cellNumber(cell: Cell, quantity: CellQuantity): string {
  if (quantity === 'density') return cell.smallestDensity ? formatNumber(cell.smallestDensity.mean * 100, 3) : '';
  const estimate = cell[quantity];
  return estimate ? formatEstimate(estimate) : '';
}

function remarks(
  network: NetworkSummary,
  quantity: Quantity,
  elsewhere: readonly PublishedValue[],
  table: string,
): string[] {
  const counts = [...new Set(network.cells.map(seedCount))].sort((a, b) => a - b).join(' to ');
  const legend = [
    `${counts} ${counts === '1' ? 'seed' : 'seeds'}. ${noteOn(network, quantity, counts)}`,
    ...optionalNote(budgetNote(network)),
    ...(quantity === 'speed' ? optionalNote(withheldNote(network.cells)) : []),
    ...(/ \([\d.]+ to [\d.]+\)/.test(table) ? [NOTES.cut] : []),
    ...(table.includes('**') ? [NOTES.bold] : []),
    ...(table.includes('≈') ? [NOTES.level] : []),
    ...(table.includes('‡') ? [NOTES.collapse] : []),
    ...(table.includes('†') ? [NOTES.recalled] : []),
    ...(table.includes('§') ? [NOTES.bestEpoch] : []),
    ...(/ at [\d.]+ %\*/.test(table) ? [NOTES.at] : []),
    ...(/ at [\d.]+ %(?!\*)/.test(table) ? [NOTES.achieved] : []),
    ...(network.granularity === 'unit' ? [NOTES.units] : []),
  ].join(' ');
  const failures = network.cells.flatMap((cell) =>
    cell.failures.map(
      ({ seed, reason }) =>
        `- ${escapeMarkdown(`${cell.series}, ${formatPercent(cell.sparsity)} %, seed ${seed}: ${reason}`)}`,
    ),
  );
  return [
    legend,
    ...(failures.length === 0 ? [] : [`Trials that failed:\n\n${failures.join('\n')}`]),
    ...(elsewhere.length === 0 ? [] : [`Also published:\n\n${publishedList(elsewhere).join('\n')}`]),
  ];
}

function optionalNote(note: string | undefined): string[] {
  return note === undefined ? [] : [note];
}

function noteOn(network: NetworkSummary, quantity: Quantity, seeds: string): string {
  if (quantity === 'density') return NOTES.density;
  if (quantity === 'speed') return [speedNote(network), NOTES.speed].filter((note) => note !== undefined).join(' ');
  if (quantity === 'size') return seeds === '1' ? NOTES.sizes : `${NOTES.sizes} ${NOTES.interval}`;
  return seeds === '1' ? NOTES.single : NOTES.interval;
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
  const table = alignedTable([header, ...rows]);
  const measured = network.measure === 'speed' ? undefined : speedNote(network);
  const notes = [...optionalNote(measured && `Measured: ${measured}`), ...optionalNote(withheldNote(network.cells))];
  return [`**${titleOf(network)}**`, table, ...notes].join('\n\n');
}
