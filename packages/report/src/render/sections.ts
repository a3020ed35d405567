import type { Benchmark } from '@prunebench/core';
import { belongsTo, type PublishedValue } from '../published.ts';
import { withheldNote } from '../summary/speedup.ts';
import type { NetworkSummary } from '../summary/summary.ts';
import { detailsTable } from '../tables/details.ts';
import { axisWords, networkTitle } from '../tables/display.ts';
import type { Shown } from '../tables/kind.ts';
import { legendOf, NOTES } from '../tables/notes.ts';
import { publishedLines } from '../tables/published-rows.ts';
import { recordedTable, UNITS_LEFT } from '../tables/recorded-columns.ts';
import { speedNote } from '../tables/speedups.ts';
import { statementsOf } from '../tables/statements.ts';
import { partOf, type TablePart } from '../tables/table.ts';
import { escapeMarkdown } from './escape.ts';
import { renderList, renderTable } from './markdown.ts';

/** The tables of a summary with what the tests say about them: what is printed on a terminal. */
export function markdownSummary(
  shown: readonly Shown[],
  benchmark: Benchmark,
  published: readonly PublishedValue[],
  scale: string,
): string {
  const sections = shown.map((each) => networkSection(each, benchmark, published, scale));
  const said = statementsOf(shown, benchmark.comparisons);
  const findings = said.length === 0 ? [] : [`What the paired tests say:\n\n${renderList(said)}`];
  return `${[...sections, ...findings].join('\n\n')}\n`;
}

/** Every cell in full, a row each: what the README folds away. */
export function markdownDetails(shown: readonly Shown[]): string {
  return `${shown.map(detailsSection).join('\n\n')}\n`;
}

/** A part of the table of one network with its legend, for a page that says where the whole is. */
export function networkExcerpt(
  shown: Shown,
  benchmark: Benchmark,
  published: readonly PublishedValue[],
  scale: string,
  part: TablePart,
): string {
  const { network, kind } = shown;
  const source = { ...shown, benchmark, published: published.filter((value) => belongsTo(value, network)) };
  const table = renderTable(partOf(kind.table(source), part));
  return [headline(shown, scale, benchmark), table, legendOf(network, kind, table)].join('\n\n');
}

/** The table of one network with its legend and what else was published. */
export function networkSection(
  shown: Shown,
  benchmark: Benchmark,
  published: readonly PublishedValue[],
  scale: string,
): string {
  const { network, kind } = shown;
  const source = { ...shown, benchmark, published: published.filter((value) => belongsTo(value, network)) };
  const table = renderTable(kind.table(source));
  const elsewhere = publishedLines(kind.elsewhere(source));
  const findings = kind.findings?.(network) ?? [];
  return [
    headline(shown, scale, benchmark),
    table,
    legendOf(network, kind, table),
    ...(kind.rowsOfCells ? [] : recorded(network)),
    ...failures(network),
    ...(elsewhere.length === 0 ? [] : [`Also published:\n\n${elsewhere.map(publishedLine).join('\n')}`]),
    ...(findings.length === 0 ? [] : [renderList(findings)]),
  ].join('\n\n');
}

function headline({ network, kind }: Shown, scale: string, { changes = [] }: Benchmark): string {
  const changed = changes.length === 0 ? '' : `; changed: ${escapeMarkdown(changes.join(', '))}`;
  return `**${escapeMarkdown(networkTitle(network))}: ${kind.title(network)}** (scale \`${scale}\`${changed})`;
}

/** What the records say besides, below a table that has no row for each cell. */
function recorded(network: NetworkSummary): string[] {
  const table = recordedTable(network);
  if (table === null) return [];
  return [renderTable(table), ...(table.columns.includes(UNITS_LEFT) ? [NOTES.unitsLeft] : [])];
}

function failures({ cells, axis }: NetworkSummary): string[] {
  const lines = cells.flatMap((cell) =>
    cell.failures.map(
      ({ seed, reason }) => `${cell.series}, ${axisWords[axis].label(cell.at)}, seed ${seed}: ${reason}`,
    ),
  );
  return lines.length === 0 ? [] : [`Trials that failed:\n\n${renderList(lines)}`];
}

function publishedLine({ text, recalled }: { readonly text: string; readonly recalled: boolean }): string {
  return `- ${escapeMarkdown(text)}${recalled ? '† (from memory)' : ''}`;
}

function detailsSection(shown: Shown): string {
  const { network, kind } = shown;
  const measured = kind.notesSpeed ? undefined : speedNote(network);
  const notes = [measured && `Measured: ${measured}`, withheldNote(network.cells)];
  return [
    `**${escapeMarkdown(networkTitle(network))}**`,
    renderTable(detailsTable(shown)),
    ...notes.filter((note) => note !== undefined),
  ].join('\n\n');
}
