import { printable } from '@prunebench/core';
import type { NetworkSection, Sections } from '../tables/section.ts';
import { bold, drawList, drawTable, drawText, type Screen } from './terminal.ts';

/** The tables of a benchmark at one scale with what the tests say about them, for a terminal. */
export function drawSections({ networks, said }: Sections, screen: Screen): string {
  return [
    ...networks.flatMap((network) => drawSection(network, screen)),
    ...list('What the paired tests say:', said, screen),
  ].join('\n\n');
}

function drawSection(section: NetworkSection, screen: Screen): readonly string[] {
  const { title, scale, changes, table, recorded, failures, elsewhere, findings } = section;
  const changed = changes.length === 0 ? '' : `; changed: ${printable(changes.join(', '))}`;
  const words = { best: screen.colour ? 'Bold: the best.' : '* the best.', at: 'At' };
  const published = elsewhere.map(({ text, recalled }) => `${text}${recalled ? '† (from memory)' : ''}`);
  return [
    drawText(`${bold(printable(title), screen)} (scale ${scale}${changed})`, screen),
    drawTable(table, screen),
    drawText(printable(section.legend(words)), screen),
    ...(recorded ? [drawTable(recorded.table, screen)] : []),
    ...(recorded?.note ? [drawText(recorded.note, screen)] : []),
    ...list('Trials that failed:', failures, screen),
    ...list('Also published:', published, screen),
    ...(findings.length === 0 ? [] : [drawList(findings, screen)]),
  ];
}

function list(head: string, sentences: readonly string[], screen: Screen): readonly string[] {
  return sentences.length === 0 ? [] : [`${drawText(head, screen)}\n${drawList(sentences, screen)}`];
}
