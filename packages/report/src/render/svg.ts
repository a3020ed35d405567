import type { TopLevelSpec } from 'vega-lite';

/** A plot as data: a Vega-Lite specification. */
export type FigureSpec = TopLevelSpec;
/** One view of a concatenated plot, and one layer of such a view. */
export type Panel = Extract<TopLevelSpec, { concat: unknown }>['concat'][number];
export type Layer = Extract<Panel, { layer: unknown }>['layer'][number];

let last: Promise<unknown> = Promise.resolve();

/** SVG text of a Vega-Lite specification; the same specification gives the same bytes. */
export function renderSvg(spec: FigureSpec): Promise<string> {
  return Promise.all([drawSvg(spec), drawing()]).then(([svg, { shortened }]) => shortened(svg));
}

/** The same as Vega writes it: longer, and with a description of every mark. */
export function drawSvg(spec: FigureSpec): Promise<string> {
  // One after the other: ids of clip paths and gradients are counted over the whole process.
  const svg = last.then(drawing).then(({ draw }) => draw(spec));
  last = svg.catch(() => undefined);
  return svg;
}

/** Loaded for the first picture. */
function drawing() {
  return import('./drawing.ts');
}
