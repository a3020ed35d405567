import type { PublishedValue } from '../published.ts';
import type { Panel } from '../render/svg.ts';
import { textWidth } from '../render/text.ts';
import { COLOR, DASH, INK, MUTED, OUTLINE, POINT, type SeriesStyle, SHAPE } from './style.ts';

const ROW = 19;
const SWATCH = 30;
const GAP = 34;
const FONT_SIZE = 11;

const HEADINGS = { series: 'methods', control: 'controls', published: 'published' } as const;

/** Line and marker of every series in columns: methods, controls, published values. Vega's own legends show no dashes. */
export function legendPanel(
  styles: readonly SeriesStyle[],
  headings: Readonly<Partial<Record<SeriesStyle['role'], string>>> = {},
): Panel {
  const columns = (['series', 'control', 'published'] as const)
    .map((role) => ({
      heading: headings[role] ?? HEADINGS[role],
      styles: styles.filter((style) => style.role === role),
    }))
    .filter((column) => column.styles.length > 0);
  let left = 0;
  const heads: object[] = [];
  const entries: (SeriesStyle & Readonly<Record<'x' | 'middle' | 'end' | 'text' | 'y', number>>)[] = [];
  for (const column of columns) {
    heads.push({ x: left, y: 0, label: column.heading });
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
    const names = column.styles.map(({ name }) => SWATCH + 8 + textWidth(name, FONT_SIZE));
    left += Math.max(textWidth(column.heading, FONT_SIZE), ...names) + GAP;
  }
  const at = (field: string) => ({ field, type: 'quantitative', scale: null, axis: null }) as const;
  const lines = entries.filter(({ role }) => role !== 'published');
  const label = { type: 'text', align: 'left', baseline: 'middle', fontSize: FONT_SIZE } as const;
  return {
    width: left,
    height: ROW * (1 + Math.max(...columns.map((column) => column.styles.length))),
    layer: [
      {
        data: { values: heads },
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
          color: COLOR,
          strokeDash: DASH,
        },
      },
      {
        data: { values: lines },
        mark: POINT,
        encoding: { x: at('middle'), y: at('y'), color: COLOR, shape: SHAPE },
      },
      {
        data: { values: entries.filter((entry) => !lines.includes(entry)) },
        mark: OUTLINE,
        encoding: { x: at('middle'), y: at('y'), color: COLOR, shape: SHAPE },
      },
      {
        data: { values: entries },
        mark: { ...label, color: INK },
        encoding: { x: at('text'), y: at('y'), text: { field: 'name' } },
      },
    ],
  };
}

/** What a legend calls where a published value is from. */
export function sourceName({ source, recalled }: Pick<PublishedValue, 'source' | 'recalled'>): string {
  return `${source}${recalled ? ' †' : ''}`;
}
