/** Pictures made of letters. */

/** Dots of one character of braille, from the top left to the bottom right: two columns of four. */
const DOTS = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
];
const EMPTY = 0x2800;

/** A point of a line; both finite. */
export interface ChartPoint {
  readonly x: number;
  readonly y: number;
}

/** How large a chart is, in characters. */
export interface ChartSize {
  readonly width: number;
  readonly height: number;
}

/**
 * A line through points, from left to right, in a frame of braille dots: x from 0 on, with the range of y at the left.
 *
 * @param decimals of the numbers at the left
 * @param label of the x axis
 */
export function chart(
  points: readonly ChartPoint[],
  { width, height }: ChartSize,
  { decimals, label }: { readonly decimals: number; readonly label: string },
): readonly string[] {
  const ys = points.map(({ y }) => y);
  const toX = Math.max(...points.map(({ x }) => x));
  const [fromY, toY] = [Math.min(...ys), Math.max(...ys)];
  const cells = Array.from({ length: height }, () => new Array<number>(width).fill(EMPTY));
  const place = (value: number, from: number, to: number, most: number) =>
    to === from ? 0 : Math.round(((value - from) / (to - from)) * most);
  const dots = points.map(({ x, y }) => ({
    column: place(x, 0, toX, 2 * width - 1),
    row: 4 * height - 1 - place(y, fromY, toY, 4 * height - 1),
  }));
  for (const { column, row } of joined(dots))
    cells[Math.floor(row / 4)][Math.floor(column / 2)] |= DOTS[row % 4][column % 2];
  const ends = [toY.toFixed(decimals), fromY.toFixed(decimals)];
  const margin = Math.max(...ends.map(({ length }) => length));
  const beside = (row: number) => (row === 0 ? ends[0] : row === height - 1 ? ends[1] : '').padStart(margin);
  const lines = cells.map((row, index) => `${beside(index)} │${String.fromCodePoint(...row).replace(/\u2800+$/, '')}`);
  const axis = `${' '.repeat(margin)} └${'─'.repeat(width)}`;
  const numbers = ['0', label, String(rounded(toX))];
  const room = Math.max(2, width - numbers.join('').length);
  const below = `${numbers[0]}${' '.repeat(Math.floor(room / 2))}${label}${' '.repeat(Math.ceil(room / 2))}${numbers[2]}`;
  return [...lines, axis, `${' '.repeat(margin + 2)}${below}`];
}

/** A bar of `share`, in [0, 1], of `width` characters; what is not nothing is not drawn as nothing. */
export function bar(share: number, width: number): string {
  const eighths = share > 0 ? Math.max(1, Math.round(share * width * 8)) : 0;
  const rest = eighths % 8;
  const full = '█'.repeat(Math.floor(eighths / 8));
  return (full + (rest === 0 ? '' : String.fromCodePoint(0x2590 - rest))).padEnd(width);
}

interface Dot {
  readonly column: number;
  readonly row: number;
}

/** The dots, and those on the straight lines between neighbours. */
function joined(dots: readonly Dot[]): readonly Dot[] {
  return dots.flatMap((dot, index) => {
    const from = dots[index - 1] ?? dot;
    const length = Math.max(1, Math.abs(dot.column - from.column), Math.abs(dot.row - from.row));
    const between = (start: number, end: number, step: number) => Math.round(start + ((end - start) * step) / length);
    return Array.from({ length }, (_, step) => ({
      column: between(from.column, dot.column, step + 1),
      row: between(from.row, dot.row, step + 1),
    }));
  });
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
