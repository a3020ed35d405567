import { markdownTable } from 'markdown-table';
import type { Table, TableCell, Value } from '../tables/table.ts';
import { escapeMarkdown } from './escape.ts';

/** A table as Markdown, its columns aligned for those who read the source. */
export function renderTable({ columns, rows }: Table): string {
  return markdownTable([columns.map(escapeMarkdown), ...rows.map((row) => row.map(renderCell))], {
    align: columns.map((_, index) => (index === 0 ? 'l' : 'r')),
    stringLength: (text) => [...text].length,
  });
}

/** Sentences as a list, a line each. */
export function renderList(lines: readonly string[]): string {
  return lines.map((line) => `- ${escapeMarkdown(line)}`).join('\n');
}

function renderCell(values: TableCell): string {
  return values.map(renderValue).join(', ');
}

/** Bold for the best of a column, a mark behind what is level with it, italics for what a paper prints. */
function renderValue({ text, standing, remarks = [], published = false }: Value): string {
  const escaped = escapeMarkdown(text);
  const set = published ? `*${escaped}*` : standing === 'best' && text !== '' ? `**${escaped}**` : escaped;
  const level = standing === 'level' && text !== '' ? '≈' : '';
  return [set, level, ...remarks].filter((part) => part !== '').join(' ');
}
