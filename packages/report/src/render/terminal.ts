import { styleText } from 'node:util';
import { printable } from '@prunebench/core';
import stringWidth from 'string-width';
import wrapAnsi from 'wrap-ansi';
import type { Table, TableCell, Value } from '../tables/table.ts';

/** Where something is drawn. */
export interface Screen {
  /** Cells of characters in a line; less than 24 counts as 24. */
  readonly width: number;
  /** Whether bold and dim are set by ANSI sequences; without, the best of a column has an asterisk behind it. */
  readonly colour: boolean;
}

const NARROWEST = 24;
const GAP = '  ';

/**
 * A table in lines that are at most as wide as the screen. Columns that do not fit go on in a block below, with the first column
 * again; heads are wrapped to the width of their column, and cells where nothing else helps. Numbers of a column stand below each
 * other, with their marks behind them.
 */
export function drawTable({ columns, rows }: Table, screen: Screen): string {
  const width = Math.max(NARROWEST, screen.width);
  const [first, ...others] = columns.map((head, index) =>
    columnOf(
      head,
      rows.map((row) => row[index] ?? []),
      screen,
    ),
  );
  const room = width - others.reduce((sum, column) => sum + GAP.length + column.width, 0);
  // One block, unless that would leave too little for the names.
  const names = { ...first, width: Math.min(first.width, room < width / 4 ? Math.floor(width / 3) : room) };
  const rest = width - names.width;
  const limited = others.map((column) => ({ ...column, width: Math.min(column.width, rest - GAP.length) }));
  return blocksOf(limited, rest)
    .map((block, place, all) => {
      // A continuation says nothing of rows that have nothing there.
      const without = place === 0 ? all.slice(1).flat() : [];
      const shown = rows.flatMap((_, row) =>
        isFilled(block, row) || (place === 0 && !isFilled(without, row)) ? [row] : [],
      );
      return drawBlock([names, ...block], shown);
    })
    .join('\n\n');
}

/** Text in lines of at most the screen's width, broken at spaces, those after the first indented by `indent` characters. */
export function drawText(text: string, { width }: Screen, indent = 0): string {
  const lines = wrapped(text, Math.max(NARROWEST, width) - indent);
  return lines.join(`\n${' '.repeat(indent)}`);
}

/** Sentences as a list, each with a dash before it. */
export function drawList(sentences: readonly string[], screen: Screen): string {
  return sentences.map((sentence) => `- ${drawText(printable(sentence), screen, 2)}`).join('\n');
}

/** Text that stands out, where the screen can show it. */
export function bold(text: string, { colour }: Screen): string {
  return colour && text !== '' ? styleText('bold', text, { validateStream: false }) : text;
}

interface Column {
  readonly head: string;
  readonly cells: readonly Drawn[];
  /** Whether a cell has a mark that its number stands before. */
  readonly marked: boolean;
  readonly width: number;
}

/** A cell as it is drawn, before it is wrapped. */
interface Drawn {
  readonly text: string;
  /** Whether the place of a mark behind it is empty. */
  readonly unmarked: boolean;
}

function columnOf(head: string, values: readonly TableCell[], screen: Screen): Column {
  const cells = values.map((cell) => ({
    text: cell.map((value) => drawValue(value, screen)).join(', '),
    unmarked: cell.every((value) => markOf(value, screen) === '' && (value.remarks ?? []).length === 0),
  }));
  const marked = values.flat().some((value) => markOf(value, screen) !== '');
  const widths = cells.map(({ text, unmarked }) => stringWidth(text) + (marked && unmarked ? GAP.length : 0));
  const words = unbroken(printable(head))
    .split(' ')
    .map((word) => stringWidth(word));
  return { head: bold(printable(head), screen), cells, marked, width: Math.max(...words, ...widths) };
}

/** Bold for the best of a column, a mark behind what is level with it, dim for what a paper prints. */
function drawValue(value: Value, screen: Screen): string {
  const { standing, remarks = [], published = false } = value;
  const text = printable(value.text);
  const dim = published && screen.colour;
  const best = standing === 'best' && !published;
  const set = dim ? styleText('dim', text, { validateStream: false }) : best ? bold(text, screen) : text;
  return [set, markOf(value, screen), ...remarks.map(printable)].filter((part) => part !== '').join(' ');
}

function markOf({ text, standing, published = false }: Value, { colour }: Screen): string {
  if (text === '') return '';
  if (standing === 'level') return '≈';
  return standing === 'best' && !published && !colour ? '*' : '';
}

/** The columns in groups that fit into `width` beside the first column; one group where there are none. */
function blocksOf(columns: readonly Column[], width: number): readonly (readonly Column[])[] {
  const blocks: Column[][] = [[]];
  let left = width;
  for (const column of columns) {
    const needed = GAP.length + column.width;
    if (needed > left) {
      blocks.push([]);
      left = width;
    }
    blocks.at(-1)!.push(column);
    left -= needed;
  }
  return blocks;
}

function isFilled(columns: readonly Column[], row: number): boolean {
  return columns.some(({ cells }) => cells[row].text !== '');
}

function drawBlock(columns: readonly Column[], rows: readonly number[]): string {
  const heads = columns.map(({ head, width }) => wrapped(head, width));
  const height = Math.max(...heads.map((lines) => lines.length));
  const line = (texts: readonly (string | undefined)[]) =>
    columns
      .map(({ width }, index) => {
        const text = texts[index] ?? '';
        const space = ' '.repeat(Math.max(0, width - stringWidth(text)));
        return index === 0 ? text + space : space + text;
      })
      .join(GAP)
      .trimEnd();
  // Heads of fewer lines stand directly above their columns.
  const head = Array.from({ length: height }, (_, at) => line(heads.map((lines) => lines[at - height + lines.length])));
  const body = rows.map((row) => {
    const cells = columns.map((column) => cellLines(column, column.cells[row]));
    return Array.from({ length: Math.max(...cells.map((lines) => lines.length)) }, (_, at) =>
      line(cells.map((lines) => lines[at])),
    );
  });
  return [...head, columns.map(({ width }) => '─'.repeat(width)).join(GAP), ...body.flat()].join('\n');
}

function cellLines({ marked, width }: Column, { text, unmarked }: Drawn): readonly string[] {
  if (!marked || !unmarked) return wrapped(text, width);
  return wrapped(text, width - GAP.length).map((line) => line + GAP);
}

function wrapped(text: string, width: number): readonly string[] {
  return wrapAnsi(unbroken(text), width, { hard: true })
    .split('\n')
    .map((line) => line.replaceAll('\u00a0', ' '));
}

/** What belongs to a number stays with it (a per cent sign, a mark, an interval), and a mark with what a legend says of it. */
function unbroken(text: string): string {
  return text.replace(/ (?=%|±|[≈*]( ‡|$))|(?<=±|\. [≈*‡†§]) /g, '\u00a0');
}
