/** Draws with Vega and shortens with SVGO: a thousand modules, which whatever draws nothing goes without. */
import { printableLines } from '@prunebench/core';
import { optimize } from 'svgo';
import { parse, resetSVGDefIds, textMetrics, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { FONT, GRID, INK, MUTED } from '../plots/style.ts';
import { textWidth } from './text.ts';

const config: TopLevelSpec['config'] = {
  background: 'white',
  font: FONT,
  padding: 18,
  view: { stroke: null },
  axis: {
    domainColor: MUTED,
    tickColor: MUTED,
    gridColor: GRID,
    labelColor: INK,
    titleColor: INK,
    labelFontSize: 11,
    titleFontSize: 12,
    titleFontWeight: 'normal',
    titlePadding: 8,
    // Else the first and the last label are moved inwards, off their ticks.
    labelFlush: false,
  },
  legend: {
    labelFontSize: 11,
    labelColor: INK,
    labelLimit: 320,
    symbolSize: 70,
    rowPadding: 4,
    titleFontSize: 12,
    titleColor: INK,
  },
  title: { anchor: 'start', frame: 'group', color: INK, fontSize: 13, fontWeight: 'bold', offset: 10 },
};

declare module 'vega' {
  /** Exported by Vega but missing from its types. */
  export const textMetrics: {
    width(item: { readonly fontSize?: number }, text: string | null): number;
  };
}

// Vega's own estimate is half as wide again; a canvas package that happens to be installed would measure with the machine's fonts.
textMetrics.width = ({ fontSize = 11 }, text) => textWidth(text ?? '', fontSize);

/** SVG text as Vega writes it. For one caller at a time: it counts ids of clip paths and gradients over the whole process. */
export async function draw(spec: TopLevelSpec): Promise<string> {
  const view = new View(parse(compile({ ...spec, config: { ...config, ...spec.config } }).spec), { renderer: 'none' });
  try {
    resetSVGDefIds();
    // Vega escapes what XML reads as markup, but not the characters that XML has no place for at all.
    return printableLines(`${await view.toSVG()}\n`);
  } finally {
    view.finalize();
  }
}

/** Of coordinates: a hundredth of a pixel. */
const DIGITS = 2;

/** Vega's classes, which nothing refers to, and its descriptions of every mark, half of a file: a picture in a page is described by its caption. */
const UNSEEN = ['class', 'role', 'aria-.*'];

/** The same picture in fewer bytes: what elements have in common is said once, paths are written in short, what nobody sees is left out. */
export function shortened(svg: string): string {
  const { data } = optimize(svg, {
    multipass: true,
    floatPrecision: DIGITS,
    plugins: [{ name: 'removeAttrs', params: { attrs: UNSEEN } }, 'preset-default'],
  });
  return `${data}\n`;
}
