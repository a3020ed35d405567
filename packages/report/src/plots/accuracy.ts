import { belongsTo, type PublishedValue } from '../published.ts';
import { type FigureSpec, type Layer, type Panel, wrap } from '../render/svg.ts';
import { seedCount } from '../summary/cell.ts';
import { compressionAt } from '../summary/compression.ts';
import { isMeasured, type NetworkSummary, type Summary } from '../summary/summary.ts';
import { quantityOf } from '../summary/trained.ts';
import { budgetLabel } from '../tables/budget.ts';
import { networkTitle } from '../tables/display.ts';
import { formatFixed, formatPercent } from '../tables/format.ts';
import type { Figure } from '../tables/kind.ts';
import { legendPanel } from './legend.ts';
import { INK, MUTED, PAGE_TITLE, publishedStyles, type SeriesStyle, seriesStyles } from './style.ts';
import { logDomain, logTicks } from './ticks.ts';

const WIDTH = 380;
const HEIGHT = 330;
const GAP = 76;
const PANEL_TITLE = { offset: 14, subtitleFontSize: 11, subtitleColor: MUTED, subtitlePadding: 4 } as const;

type Quantity = ReturnType<typeof quantityOf>;

// Each datum carries how it is drawn, so that panels and legend need no common scales.
const SERIES = { field: 'series' } as const;
const COLOR = { field: 'color', type: 'nominal', scale: null } as const;
const SHAPE = { field: 'shape', type: 'nominal', scale: null } as const;
const DASH = { field: 'dash', type: 'nominal', scale: null } as const;

interface Point {
  readonly series: string;
  readonly compression: number;
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Test error (log axis; accuracy, linear, where the networks are below 95 %) against the compression ratio (log axis),
 * a panel for each network: means with 95 % bands, the dense network as a rule, published values as crosses.
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
  const columns = Math.min(2, summary.networks.length);
  return {
    title: { text: title, subtitle: wrap(subtitleOf(summary), 95), ...PAGE_TITLE },
    spacing: 34,
    vconcat: [
      {
        bounds: 'flush',
        columns,
        spacing: { column: GAP, row: 110 },
        concat: summary.networks.map((network) =>
          panel(
            network,
            values.filter((value) => belongsTo(value, network)),
            styles,
          ),
        ),
      },
      legendPanel(styles),
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

function sourceName({ label, recalled }: PublishedValue): string {
  return `${label}${recalled ? ' †' : ''}`;
}

function panel(network: NetworkSummary, published: readonly PublishedValue[], styles: readonly SeriesStyle[]): Panel {
  const quantity = quantityOf(network);
  const points = pointsOf(network, quantity);
  const crosses = published.map((value) => ({
    series: sourceName(value),
    compression: compressionAt(network.size, value.sparsity!),
    value: quantity === 'error' ? value.error! : 100 - value.error!,
  }));
  const dense = network.dense.map(({ name, [quantity]: estimate }) => ({ name, value: estimate.mean }));
  const values = [...points, ...crosses, ...dense].map(({ value }) => value);
  const lost = network.cells
    .filter(({ trials, axis }) => trials.length === 0 && axis === 'sparsity')
    .map(({ series, at }) => ({ series, compression: compressionAt(network.size, at) }));
  const x = compressionAxis([...points, ...crosses, ...lost].map(({ compression }) => compression));
  const y = quantity === 'error' ? errorAxis(values) : accuracyAxis();
  const styleOf = new Map(styles.map((style) => [style.name, style]));
  const styled = <T extends { series: string }>(data: readonly T[]) =>
    data.map((datum) => ({ ...styleOf.get(datum.series)!, ...datum }));
  const xAt = { field: 'compression', ...x };
  const yAt = { field: 'value', ...y };
  const budget = budgetLabel(network);
  return {
    width: WIDTH,
    height: HEIGHT,
    title: { text: networkTitle(network), ...(budget ? { subtitle: budget } : {}), ...PANEL_TITLE },
    layer: [
      // A share of units is another share of the weights, and has no place on this axis; a strength is none at all.
      ...(network.granularity === 'unit' || network.axis !== 'sparsity'
        ? []
        : sparsityRow(network, x.scale.domain, xAt)),
      {
        data: { values: styled(points) },
        mark: { type: 'area', clip: true, opacity: 0.1 },
        encoding: { x: xAt, y: { field: 'low', ...y }, y2: { field: 'high' }, color: COLOR, detail: SERIES },
      },
      ...denseRule(dense, yAt),
      {
        data: { values: styled(points) },
        mark: { type: 'line', clip: true, strokeWidth: 1.8 },
        encoding: { x: xAt, y: yAt, color: COLOR, strokeDash: DASH, detail: SERIES },
      },
      {
        data: { values: styled(points) },
        mark: { type: 'point', filled: true, size: 42, opacity: 1, stroke: 'white', strokeWidth: 0.8 },
        encoding: { x: xAt, y: yAt, color: COLOR, shape: SHAPE },
      },
      {
        data: { values: styled(crosses) },
        mark: { type: 'point', size: 75, opacity: 1, strokeWidth: 1.8 },
        encoding: { x: xAt, y: yAt, color: COLOR, shape: SHAPE },
      },
      {
        data: { values: styled(lost) },
        mark: { type: 'text', text: 'failed', angle: 270, align: 'right', fontSize: 9, dy: 4 },
        encoding: { x: xAt, y: { value: 4 }, color: COLOR },
      },
    ],
  };
}

/** The dense network, named at the right end of its rule. */
function denseRule(dense: readonly { name: string; value: number }[], y: object): Layer[] {
  const data = { values: dense.map(({ name, value }) => ({ value, label: `${name} ${formatFixed(value, 2)} %` })) };
  return [
    { data, mark: { type: 'rule', color: INK, strokeWidth: 1, opacity: 0.7 }, encoding: { y } },
    {
      data,
      mark: { type: 'text', align: 'right', baseline: 'top', dx: -3, dy: 4, fontSize: 10, color: INK },
      encoding: { x: { value: WIDTH }, y, text: { field: 'label' } },
    },
  ];
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

function compressionAxis(ratios: readonly number[]) {
  const domain = logDomain(ratios, 1.12);
  const values = logTicks(domain);
  return {
    type: 'quantitative' as const,
    scale: { type: 'log' as const, domain, nice: false },
    axis: {
      title: 'compression ratio (all parameters / remaining parameters)',
      values,
      labelExpr: "format(datum.value, ',') + '×'",
      grid: false,
    },
  };
}

/** Logarithmic, unless some network makes no error at all, which has no place on such an axis. */
function errorAxis(errors: readonly number[]) {
  if (Math.min(...errors) <= 0) {
    const axis = { title: 'test error, %', grid: true };
    return { type: 'quantitative' as const, scale: { zero: true, nice: true }, axis };
  }
  const domain = logDomain(errors, 1.25);
  return {
    type: 'quantitative' as const,
    scale: { type: 'log' as const, domain, nice: false },
    axis: { title: 'test error, % (log scale)', values: logTicks(domain), format: '~g', grid: true },
  };
}

function accuracyAxis() {
  return {
    type: 'quantitative' as const,
    scale: { zero: false, nice: true },
    axis: { title: 'test accuracy, %', grid: true },
  };
}

/** Sparsities above the panel, where they stand on its axis; those that would touch are left out. */
function sparsityRow({ points, size }: NetworkSummary, [from, to]: readonly [number, number], x: object): Layer[] {
  const pixel = (compression: number) => (WIDTH * Math.log(compression / from)) / Math.log(to / from);
  let last = -Infinity;
  const values = points.flatMap((sparsity) => {
    const compression = compressionAt(size, sparsity);
    if (compression < from || compression > to || pixel(compression) - last < 34) return [];
    last = pixel(compression);
    return [{ compression, label: `${formatPercent(sparsity, 1)} %` }];
  });
  const mark = { type: 'text', fontSize: 10, color: MUTED, baseline: 'bottom' } as const;
  return [
    { data: { values }, mark, encoding: { x, y: { value: -5 }, text: { field: 'label' } } },
    {
      data: { values: [{}] },
      mark: { ...mark, align: 'left', text: 'at sparsity' },
      encoding: { x: { value: 0 }, y: { value: -20 } },
    },
  ];
}
