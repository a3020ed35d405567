import type { Panel } from '../render/svg.ts';
import { INK, MUTED, type SeriesStyle } from './style.ts';

const ROW = 19;
const SWATCH = 30;
const GAP = 34;
/** Average width of a character of an 11 pixel label. */
const CHARACTER = 5.7;

const HEADINGS = { series: 'methods', control: 'controls', published: 'published' } as const;

/** Line and marker of every series in columns: methods, controls, published values. Vega's own legends show no dashes. */
export function legendPanel(styles: readonly SeriesStyle[]): Panel {
  const columns = (['series', 'control', 'published'] as const)
    .map((role) => ({ heading: HEADINGS[role], styles: styles.filter((style) => style.role === role) }))
    .filter((column) => column.styles.length > 0);
  let left = 0;
  const headings: object[] = [];
  const entries: (SeriesStyle & Readonly<Record<'x' | 'middle' | 'end' | 'text' | 'y', number>>)[] = [];
  for (const column of columns) {
    headings.push({ x: left, y: 0, label: column.heading });
    column.styles.forEach((style, row) => {
      entries.push({
        ...style,
        x: left,
        middle: left + SWATCH / 2,
        end: left + SWATCH,
        text: left + SWATCH + 8,
        y: ROW * (row + 1),
      });
    });
    left += SWATCH + 8 + CHARACTER * Math.max(...column.styles.map(({ name }) => name.length)) + GAP;
  }
  const at = (field: string) => ({ field, type: 'quantitative', scale: null, axis: null }) as const;
  const color = { field: 'color', type: 'nominal', scale: null } as const;
  const lines = entries.filter(({ role }) => role !== 'published');
  const label = { type: 'text', align: 'left', baseline: 'middle', fontSize: 11 } as const;
  return {
    width: left,
    height: ROW * (1 + Math.max(...columns.map((column) => column.styles.length))),
    layer: [
      {
        data: { values: headings },
        mark: { ...label, color: MUTED },
        encoding: { x: at('x'), y: at('y'), text: { field: 'label' } },
      },
      {
        data: { values: lines },
        mark: { type: 'rule', strokeWidth: 1.8 },
        encoding: {
          x: at('x'),
          x2: { field: 'end' },
          y: at('y'),
          color,
          strokeDash: { field: 'dash', type: 'nominal', scale: null },
        },
      },
      {
        data: { values: lines },
        mark: { type: 'point', filled: true, size: 42, opacity: 1, stroke: 'white', strokeWidth: 0.8 },
        encoding: { x: at('middle'), y: at('y'), color, shape: { field: 'shape', type: 'nominal', scale: null } },
      },
      {
        data: { values: entries.filter((entry) => !lines.includes(entry)) },
        mark: { type: 'point', size: 75, opacity: 1, strokeWidth: 1.8 },
        encoding: { x: at('middle'), y: at('y'), color, shape: { field: 'shape', type: 'nominal', scale: null } },
      },
      {
        data: { values: entries },
        mark: { ...label, color: INK },
        encoding: { x: at('text'), y: at('y'), text: { field: 'name' } },
      },
    ],
  };
}
