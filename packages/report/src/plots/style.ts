/** How one line of a plot is drawn and shown in the legend. */
export interface SeriesStyle {
  readonly name: string;
  readonly role: 'series' | 'control' | 'published';
  readonly color: string;
  readonly shape: string;
  /** Lengths of dash and gap in pixels; [1, 0] is a solid line. */
  readonly dash: readonly [number, number];
}

export const INK = '#1f2328';
export const MUTED = '#656d76';
export const GRID = '#e8eaed';
export const FONT = '"Helvetica Neue", Helvetica, Arial, sans-serif';

/** The title of a whole plot. */
export const PAGE_TITLE = {
  fontSize: 17,
  subtitleFontSize: 12,
  subtitleColor: MUTED,
  subtitlePadding: 6,
  offset: 18,
} as const;

/** Each datum carries how it is drawn, so that panels and legend need no common scales. */
export const COLOR = { field: 'color', type: 'nominal', scale: null } as const;
export const SHAPE = { field: 'shape', type: 'nominal', scale: null } as const;
export const DASH = { field: 'dash', type: 'nominal', scale: null } as const;
export const SERIES = { field: 'series' } as const;

/** A point of a line. */
export const POINT = { type: 'point', filled: true, size: 54, opacity: 1, stroke: 'white', strokeWidth: 0.8 } as const;
/** A line through points. */
export const LINE = { type: 'line', strokeWidth: 1.8 } as const;
/** A published value: an outline, with a white one beneath it where it lies on lines. */
export const OUTLINE = { type: 'point', size: 80, opacity: 1, strokeWidth: 2 } as const;

/** Okabe and Ito's colours, then Tol's muted ones: told apart with any of the common colour vision deficiencies. */
const COLORS = [
  '#0072b2',
  '#d55e00',
  '#009e73',
  '#cc79a7',
  '#e69f00',
  '#56b4e9',
  '#882255',
  '#332288',
  '#999933',
  '#117733',
];
const GREYS = ['#9aa0a6', '#70757a', '#b0b5ba', '#85898e'];
const SHAPES = ['circle', 'square', 'triangle-up', 'diamond', 'triangle-down'];
const DASHES: readonly (readonly [number, number])[] = [
  [1, 0],
  [7, 3],
  [2, 2],
  [10, 2],
  [4, 4],
];
/** Outlines in a box of -1 to 1: crosses and stars, so that no published point passes for one of ours. */
const PUBLISHED_SHAPES = [
  'M-1,-1L1,1M-1,1L1,-1',
  'M-1,0L1,0M0,-1L0,1',
  'M-1,0L1,0M-0.5,-0.87L0.5,0.87M-0.5,0.87L0.5,-0.87',
  'M0,-1L1,0L0,1L-1,0Z',
  'M-0.8,-0.8L0.8,-0.8L0.8,0.8L-0.8,0.8Z',
  'M0,-1L0.9,0.6L-0.9,0.6Z',
  'M0,1L0.9,-0.6L-0.9,-0.6Z',
  'M-1,-1L1,1M-1,1L1,-1M-1,-1L1,-1M-1,1L1,1',
];

/**
 * Styles of the series of a plot. Series whose names share what comes before the first comma ("global, one-shot",
 * "global, iterative") share a colour, and those that share what comes after it a dash and a marker; controls are grey and dashed.
 */
export function seriesStyles(series: readonly { readonly name: string; readonly control: boolean }[]): SeriesStyle[] {
  const compared = series.filter(({ control }) => !control).map(({ name }) => splitName(name));
  const heads = [...new Set(compared.map(({ head }) => head))];
  const isGrouped = heads.length < compared.length;
  const tails = [...new Set(compared.map(({ tail }) => tail))];
  let controls = 0;
  return series.map(({ name, control }) => {
    if (control) {
      const index = controls++;
      return { name, role: 'control', color: cycle(GREYS, index), shape: cycle(SHAPES, index), dash: [4, 3] };
    }
    const { head, tail } = splitName(name);
    const variant = isGrouped ? tails.indexOf(tail) : heads.indexOf(head);
    return {
      name,
      role: 'series',
      color: cycle(COLORS, heads.indexOf(head)),
      shape: cycle(SHAPES, variant),
      dash: isGrouped ? cycle(DASHES, variant) : [1, 0],
    };
  });
}

/**
 * Styles of the sources of published values, never joined by a line: a shape for each source. In a panel of lines a value has the colour
 * of the series that it stands beside.
 *
 * @throws RangeError for more sources than there are shapes
 */
export function publishedStyles(labels: readonly string[]): SeriesStyle[] {
  if (labels.length > PUBLISHED_SHAPES.length)
    throw new RangeError(`A plot has shapes for ${PUBLISHED_SHAPES.length} sources, not for ${labels.length}.`);
  return labels.map((name, index) => ({
    name,
    role: 'published',
    color: INK,
    shape: PUBLISHED_SHAPES[index],
    dash: [1, 0],
  }));
}

/** A series' name before and after its first comma. */
export function splitName(name: string): { head: string; tail: string } {
  const [head, ...tail] = name.split(', ');
  return { head, tail: tail.join(', ') };
}

function cycle<T>(values: readonly T[], index: number): T {
  return values[index % values.length];
}
