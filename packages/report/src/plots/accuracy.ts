import { belongsTo, type PublishedValue } from '../published.ts';
import type { FigureSpec, Layer, Panel } from '../render/svg.ts';
import { textWidth, wrap } from '../render/text.ts';
import { seedCount } from '../summary/cell.ts';
import { compressionAt } from '../summary/compression.ts';
import { isMeasured, type NetworkSummary, type Summary } from '../summary/summary.ts';
import { quantityOf } from '../summary/trained.ts';
import { budgetLabel } from '../tables/budget.ts';
import { networkTitle } from '../tables/display.ts';
import { formatFixed, formatPercent } from '../tables/format.ts';
import type { Figure } from '../tables/kind.ts';
import { accuracyAxis, compressionAxis, errorAxis } from './axes.ts';
import { legendPanel, sourceName } from './legend.ts';
import { type PanelPart, panelParts } from './parts.ts';
import {
  COLOR,
  DASH,
  INK,
  LINE,
  MUTED,
  OUTLINE,
  PAGE_TITLE,
  POINT,
  publishedStyles,
  SERIES,
  type SeriesStyle,
  SHAPE,
  seriesStyles,
} from './style.ts';

const WIDTH = 380;
const HEIGHT = 330;
const GAP = 76;
const SPARSITY_ROW = 12;
const PANEL_TITLE = { offset: 14, subtitleFontSize: 11, subtitleColor: MUTED, subtitlePadding: 4 } as const;

type Quantity = ReturnType<typeof quantityOf>;

interface Point {
  readonly series: string;
  readonly compression: number;
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Test error (log axis; accuracy, linear, where the networks are below 95 %) against the compression ratio (log axis),
 * a panel for each network, or several where it has more series than one can show: means with 95 % bands, the dense network as a rule,
 * published values as outlines in the colour of the series that they stand beside.
 */
export const accuracyFigure: Figure = {
  id: 'accuracy',
  caption: 'Accuracy against compression with 95 % bands',
  draw: (summary, { title }, published) =>
    isMeasured(summary) ? [{ spec: accuracyPlot(summary, title, published) }] : [],
};

function accuracyPlot(summary: Summary, title: string, published: readonly PublishedValue[]): FigureSpec {
  const values = published.filter(isPlotted);
  const series = new Map(
    summary.networks.flatMap((network) => network.series.map((each) => [each.name, each] as const)),
  );
  const belonging = summary.networks.flatMap((network) => values.filter((value) => belongsTo(value, network)));
  const styles = [...seriesStyles([...series.values()]), ...publishedStyles([...new Set(belonging.map(sourceName))])];
  const rows = summary.networks.map((network) =>
    networkPanels(
      network,
      values.filter((value) => belongsTo(value, network)),
      styles,
    ),
  );
  const isParted = rows.some(({ length }) => length > 1);
  const columns = Math.min(2, isParted ? 2 : rows.length);
  const flow = (concat: Panel[]) => ({ bounds: 'flush' as const, columns, spacing: { column: GAP, row: 120 }, concat });
  return {
    title: {
      text: title,
      subtitle: wrap(subtitleOf(summary), Math.max(2 * WIDTH, columns * WIDTH + GAP)),
      ...PAGE_TITLE,
    },
    spacing: 40,
    vconcat: [
      ...(isParted ? rows.map(flow) : [flow(rows.flat())]),
      legendPanel(styles, { published: 'published, in the colour of the series beside' }),
    ],
  };
}

function subtitleOf({ networks, scale }: Summary): string {
  const quantities = new Set(networks.map(quantityOf));
  const what = [...quantities].map((quantity) => (quantity === 'error' ? 'test error' : 'test accuracy')).join(' or ');
  const seeds = [...new Set(networks.flatMap(({ cells }) => cells.map(seedCount)))].sort((a, b) => a - b);
  const over = seeds.at(-1) === 1 ? '1 seed' : `mean and 95 % interval over ${seeds.join(' to ')} seeds`;
  return `${what[0].toUpperCase()}${what.slice(1)} after the last epoch; ${over}; scale ${scale}`;
}

function isPlotted({ error, sparsity, measure }: PublishedValue): boolean {
  return error !== null && sparsity !== null && sparsity > 0 && measure !== 'before-retraining';
}

/** The panels of a network, on the same axes. */
function networkPanels(
  network: NetworkSummary,
  published: readonly PublishedValue[],
  styles: readonly SeriesStyle[],
): Panel[] {
  const quantity = quantityOf(network);
  const points = pointsOf(network, quantity);
  const crosses = published.map((value) => ({
    series: value.series,
    source: sourceName(value),
    compression: compressionAt(network.size, value.sparsity!),
    value: quantity === 'error' ? value.error! : 100 - value.error!,
  }));
  const dense = network.dense.map(({ name, [quantity]: estimate }) => ({ name, value: estimate.mean }));
  const asked = network.cells
    .filter(({ axis }) => axis === 'sparsity')
    .map(({ at }) => compressionAt(network.size, at));
  const x = compressionAxis([
    ...points.map(({ compression }) => compression),
    ...crosses.map(({ compression }) => compression),
    ...asked,
  ]);
  const values = [...points, ...crosses, ...dense].map(({ value }) => value);
  const y = quantity === 'error' ? errorAxis(values) : accuracyAxis(values);
  const source: PanelSource = {
    network,
    points,
    crosses,
    dense,
    x,
    y,
    styleOf: new Map(styles.map((style) => [style.name, style])),
  };
  return panelParts(network.series).map((part, index) => panel(source, part, index === 0));
}

interface PanelSource {
  readonly network: NetworkSummary;
  readonly points: readonly Point[];
  readonly crosses: readonly {
    readonly series: string;
    readonly source: string;
    readonly compression: number;
    readonly value: number;
  }[];
  readonly dense: readonly { readonly name: string; readonly value: number }[];
  readonly x: ReturnType<typeof compressionAxis>;
  readonly y: ReturnType<typeof errorAxis> | ReturnType<typeof accuracyAxis>;
  readonly styleOf: ReadonlyMap<string, SeriesStyle>;
}

/** One panel: the series of `part`; a published value of no series of ours is in the first. */
function panel(
  { network, points, crosses, dense, x, y, styleOf }: PanelSource,
  part: PanelPart,
  isFirst: boolean,
): Panel {
  const styled = <T extends { series: string }>(data: readonly T[]) =>
    data.filter(({ series }) => part.series.has(series)).map((datum) => ({ ...styleOf.get(datum.series)!, ...datum }));
  const lines = { values: styled(points) };
  const isShown = (series: string) =>
    part.series.has(series) || (isFirst && !network.series.some(({ name }) => name === series));
  const printed = crosses
    .filter(({ series }) => isShown(series))
    .map((cross) => ({
      ...cross,
      shape: styleOf.get(cross.source)!.shape,
      color: styleOf.get(cross.series)?.color ?? INK,
    }));
  const lost = network.cells
    .filter(({ trials, axis }) => trials.length === 0 && axis === 'sparsity')
    .map(({ series, at }) => ({ series, compression: compressionAt(network.size, at) }));
  const xAt = { field: 'compression', ...x };
  const yAt = { field: 'value', ...y };
  const budget = budgetLabel(network);
  const title = [networkTitle(network), part.label].filter((text) => text !== '').join(': ');
  return {
    width: WIDTH,
    height: HEIGHT,
    title: { text: title, subtitle: [denseLabel(dense), ...(budget === undefined ? [] : [budget])], ...PANEL_TITLE },
    layer: [
      // A share of units is another share of the weights, and has no place on this axis; a strength is none at all.
      ...(network.granularity === 'unit' || network.axis !== 'sparsity'
        ? []
        : sparsityRow(network, x.scale.domain, xAt)),
      {
        data: lines,
        mark: { type: 'area', clip: true, opacity: 0.1 },
        encoding: { x: xAt, y: { field: 'low', ...y }, y2: { field: 'high' }, color: COLOR, detail: SERIES },
      },
      {
        data: { values: [...dense] },
        mark: { type: 'rule', color: INK, strokeWidth: 1, opacity: 0.7 },
        encoding: { y: yAt },
      },
      {
        data: lines,
        mark: { ...LINE, clip: true },
        encoding: { x: xAt, y: yAt, color: COLOR, strokeDash: DASH, detail: SERIES },
      },
      { data: lines, mark: POINT, encoding: { x: xAt, y: yAt, color: COLOR, shape: SHAPE } },
      {
        data: { values: printed },
        mark: { ...OUTLINE, stroke: 'white', strokeWidth: 4.5 },
        encoding: { x: xAt, y: yAt, shape: SHAPE },
      },
      { data: { values: printed }, mark: OUTLINE, encoding: { x: xAt, y: yAt, color: COLOR, shape: SHAPE } },
      {
        data: { values: styled(lost) },
        mark: { type: 'text', text: 'failed', angle: 270, align: 'right', fontSize: 9, dy: 4 },
        encoding: { x: xAt, y: { value: 4 }, color: COLOR },
      },
    ],
  };
}

/** What the rules of a panel are: "rule: dense 1.61 %". */
function denseLabel(dense: PanelSource['dense']): string {
  return dense.length === 0
    ? ' '
    : `rule: ${dense.map(({ name, value }) => `${name} ${formatFixed(value, 2)} %`).join(', ')}`;
}

function pointsOf(network: NetworkSummary, quantity: Quantity): Point[] {
  return network.cells.flatMap((cell) => {
    const estimate = cell[quantity];
    // A network of which nothing is left has no place on the axis.
    if (estimate === null || cell.compressionRatio === null) return [];
    const { mean, low, high } = estimate;
    // A band that reaches 0 has no place on a log axis; it is drawn to the edge of the panel.
    const bound = (end: number | null) => Math.min(100, Math.max(quantity === 'error' ? 0.01 : 0, end ?? mean));
    return [
      {
        series: cell.series,
        compression: cell.compressionRatio.mean,
        value: mean,
        low: bound(low),
        high: bound(high),
      },
    ];
  });
}

/** Every sparsity above the panel where it stands on its axis, in as many rows as it takes that none touch. */
function sparsityRow({ points, size }: NetworkSummary, [from, to]: readonly [number, number], x: object): Layer[] {
  const pixel = (compression: number) => (WIDTH * Math.log(compression / from)) / Math.log(to / from);
  const ends: number[] = [];
  const values = points.map((sparsity) => {
    const compression = compressionAt(size, sparsity);
    const label = formatPercent(sparsity, 1);
    const half = textWidth(label, 10) / 2 + 2;
    const free = ends.findIndex((end) => end <= pixel(compression) - half);
    const row = free < 0 ? ends.length : free;
    ends[row] = pixel(compression) + half;
    return { compression, label, y: -5 - SPARSITY_ROW * row };
  });
  const mark = { type: 'text', fontSize: 10, color: MUTED, baseline: 'bottom' } as const;
  const y = { field: 'y', type: 'quantitative', scale: null, axis: null } as const;
  return [
    { data: { values }, mark, encoding: { x, y, text: { field: 'label' } } },
    {
      data: { values: [{}] },
      mark: { ...mark, align: 'left', text: 'at sparsity, %' },
      encoding: { x: { value: 0 }, y: { value: -8 - SPARSITY_ROW * ends.length } },
    },
  ];
}
