import type { Layer } from '../render/svg.ts';
import { textWidth } from '../render/text.ts';
import { FONT, INK } from './style.ts';

const LABEL_SIZE = 10;

/** The cells of a map, in pixels. */
export interface Grid {
  readonly cellWidth: number;
  readonly rowHeight: number;
}

const LABEL = { type: 'text', font: FONT, color: INK, aria: false } as const;

/** The names of the rows: one text with a line for each. */
export function layerNames(layers: readonly string[], { rowHeight }: Grid): Layer {
  return {
    data: { values: [{}] },
    mark: {
      ...LABEL,
      fontSize: Math.min(LABEL_SIZE, rowHeight - 1),
      text: layers.map(shortName),
      lineHeight: rowHeight,
      align: 'right',
      baseline: 'middle',
    },
    encoding: { x: { value: -4 }, y: { value: rowHeight / 2 } },
  };
}

/** "stage2-block1-shortcut-conv" -> "2.1 shortcut": the names of residual networks begin alike, and would be cut where they differ. */
export function shortName(layer: string): string {
  return layer.replace(/^stage(\d+)-block(\d+)-/, '$1.$2 ').replace(/shortcut-conv$/, 'shortcut');
}

function wouldTouch(names: readonly string[], cellWidth: number): boolean {
  return names.some((name) => textWidth(name, LABEL_SIZE) > cellWidth - 3);
}

/** How far the names of the points reach below a map. */
export function namesHeight(names: readonly string[], { cellWidth }: Grid): number {
  return wouldTouch(names, cellWidth)
    ? 4 + Math.max(...names.map((name) => textWidth(name, LABEL_SIZE)))
    : 4 + LABEL_SIZE;
}

/** Every point below its column; upright where they would touch. */
export function columnNames(names: readonly string[], { cellWidth, rowHeight }: Grid, rows: number): Layer {
  const touch = wouldTouch(names, cellWidth);
  const values = names.map((text, index) => ({ text, x: cellWidth * (index + 0.5) }));
  return {
    data: { values },
    mark: {
      ...LABEL,
      fontSize: LABEL_SIZE,
      ...(touch ? { align: 'right', baseline: 'middle', angle: 270 } : { align: 'center', baseline: 'top' }),
    },
    encoding: {
      x: { field: 'x', type: 'quantitative', scale: null, axis: null },
      y: { value: rowHeight * rows + 4 },
      text: { field: 'text' },
    },
  };
}
