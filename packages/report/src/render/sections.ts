import { withheldNote } from '../summary/speedup.ts';
import { detailsTable } from '../tables/details.ts';
import { networkTitle } from '../tables/display.ts';
import type { Shown } from '../tables/kind.ts';
import type { LegendWords } from '../tables/notes.ts';
import type { NetworkSection, Sections } from '../tables/section.ts';
import { speedNote } from '../tables/speedups.ts';
import { escapeMarkdown } from './escape.ts';
import { renderList, renderTable } from './markdown.ts';

const WORDS: LegendWords = { best: 'Bold: the best.', at: '*At*' };

/** The tables of a benchmark at one scale with what the tests say about them. */
export function markdownSummary({ networks, said }: Sections): string {
  const findings = said.length === 0 ? [] : [`What the paired tests say:\n\n${renderList(said)}`];
  return `${[...networks.map(markdownSection), ...findings].join('\n\n')}\n`;
}

/** Every cell in full, a row each: what the README folds away. */
export function markdownDetails(shown: readonly Shown[]): string {
  return `${shown.map(detailsSection).join('\n\n')}\n`;
}

/** A network's table with its legend, for a page that shows a part of it and says where the whole is. */
export function markdownExcerpt(section: NetworkSection): string {
  return [headline(section), renderTable(section.table), section.legend(WORDS)].join('\n\n');
}

/** The table of one network with its legend and what else was published. */
export function markdownSection(section: NetworkSection): string {
  const { recorded, failures, elsewhere, findings } = section;
  return [
    markdownExcerpt(section),
    ...(recorded ? [renderTable(recorded.table), recorded.note ?? []].flat() : []),
    ...(failures.length === 0 ? [] : [`Trials that failed:\n\n${renderList(failures)}`]),
    ...(elsewhere.length === 0 ? [] : [`Also published:\n\n${elsewhere.map(publishedLine).join('\n')}`]),
    ...(findings.length === 0 ? [] : [renderList(findings)]),
  ].join('\n\n');
}

function headline({ title, scale, changes }: NetworkSection): string {
  const changed = changes.length === 0 ? '' : `; changed: ${escapeMarkdown(changes.join(', '))}`;
  return `**${escapeMarkdown(title)}** (scale \`${scale}\`${changed})`;
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
