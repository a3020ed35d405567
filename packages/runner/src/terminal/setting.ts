import { styleText } from 'node:util';
import { printable } from '@prunebench/core';
import type { ReportTable } from '@prunebench/report';
import { drawTable, drawText, renderTable, type Screen, type Table } from '@prunebench/report/tables';

/** How tables and sentences are set; nothing in them moves the cursor. */
export interface Setting {
  table(table: Table): string;
  text(sentence: string): string;
  /** The tables of a report with everything below them. */
  report(table: Pick<ReportTable, 'markdown' | 'draw'>): string;
}

/** Markdown, or what is drawn for the terminal that `stream` is; the same drawing without colours where it is none. */
export function settingFor(markdown: boolean, stream: NodeJS.WriteStream): Setting {
  if (markdown) return { table: renderTable, text: printable, report: (table) => table.markdown };
  const screen = screenOf(stream);
  return {
    table: (table) => drawTable(table, screen),
    text: (sentence) => drawText(printable(sentence), screen),
    report: ({ draw }) => `${draw(screen)}\n`,
  };
}

/** Prints what is set: `console.log` would write out the sequences that set bold. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Characters in a line where there is no terminal. */
const WIDTH = 100;

/** As wide as the terminal; bold and dim as Node.js decides (a terminal, NO_COLOR, FORCE_COLOR, TERM=dumb). */
export function screenOf(stream: NodeJS.WriteStream): Screen {
  // A pseudo-terminal that was given no size has 0 columns.
  return { width: stream.columns || WIDTH, colour: styleText('bold', 'x', { stream }) !== 'x' };
}
