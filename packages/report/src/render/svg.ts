import { printableLines } from '@prunebench/core';
import { optimize } from 'svgo';
import { parse, resetSVGDefIds, textMetrics, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { FONT, GRID, INK, MUTED } from '../plots/style.ts';
import { textWidth } from './text.ts';

/** A plot as data: a Vega-Lite specification. */
export type FigureSpec = TopLevelSpec;
/** One view of a concatenated plot, and one layer of such a view. */
export type Panel = Extract<TopLevelSpec, { concat: unknown }>['concat'][number];
export type Layer = Extract<Panel, { layer: unknown }>['layer'][number];

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

let last: Promise<unknown> = Promise.resolve();

/** SVG text of a Vega-Lite specification; the same specification gives the same bytes. */
export function renderSvg(spec: FigureSpec): Promise<string> {
  return drawSvg(spec).then(shortened);
}

/** The same as Vega writes it: longer, and with a description of every mark. */
export function drawSvg(spec: FigureSpec): Promise<string> {
  // One after the other: ids of clip paths and gradients are counted over the whole process.
  const svg = last.then(() => draw(spec));
  last = svg.catch(() => undefined);
  return svg;
}

async function draw(spec: FigureSpec): Promise<string> {
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
function shortened(svg: string): string {
  const { data } = optimize(svg, {
    multipass: true,
    floatPrecision: DIGITS,
    plugins: [{ name: 'removeAttrs', params: { attrs: UNSEEN } }, 'preset-default'],
  });
  return `${data}\n`;
}
