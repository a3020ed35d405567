import { budgetLabel } from '../budget.ts';
import { compressionAt } from '../compression.ts';
import { networkTitle, type Quantity, quantityOf, seedCount } from '../display.ts';
import { formatFixed, formatPercent } from '../format.ts';
import { belongsTo, type PublishedValue } from '../published.ts';
import type { NetworkSummary, Summary } from '../summary.ts';
import { legendPanel } from './legend.ts';
import { type Layer, type Panel, renderSvg, wrap } from './render.ts';
import { INK, MUTED, PAGE_TITLE, publishedStyles, type SeriesStyle, seriesStyles } from './style.ts';
import { logDomain, logTicks } from './ticks.ts';

const WIDTH = 380;
const HEIGHT = 330;
const GAP = 76;

type Shown = Extract<Quantity, 'error' | 'accuracy'>;

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
export async function accuracyPlot(
  summary: Summary,
  title: string,
  published: readonly PublishedValue[],
): Promise<string> {
  const values = published.filter(isPlotted);
  const series = new Map(
    summary.networks.flatMap((network) => network.series.map((each) => [each.name, each] as const)),
  );
  const belonging = summary.networks.flatMap((network) => values.filter((value) => belongsTo(value, network)));
  const styles = [...seriesStyles([...series.values()]), ...publishedStyles([...new Set(belonging.map(sourceName))])];
  const columns = Math.min(2, summary.networks.length);
  return renderSvg({
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
  });
}

function subtitleOf({ networks, scale }: Summary): string {
  const quantities = new Set(networks.map(quantityOf));
  const what = [...quantities].map((quantity) => (quantity === 'error' ? 'test error' : 'test accuracy')).join(' or ');
  const seeds = [...new Set(networks.flatMap(({ cells }) => cells.map(seedCount)))].sort((a, b) => a - b);
  const over = seeds.at(-1) === 1 ? '1 seed' : `mean and 95 % interval over ${seeds.join(' to ')} seeds`;
  return `${what[0]!.toUpperCase()}${what.slice(1)} after the last epoch; ${over}; scale ${scale}`;
}

function isPlotted({ error, sparsity, measure }: PublishedValue): boolean {
  return error !== null && sparsity !== null && sparsity > 0 && measure !== 'before-retraining';
}

function sourceName({ label, recalled }: PublishedValue): string {
  return `${label}${recalled ? ' †' : ''}`;
}

function panel(network: NetworkSummary, published: readonly PublishedValue[], styles: readonly SeriesStyle[]): Panel {
  const quantity = quantityOf(network) as Shown;
  const points = pointsOf(network, quantity);
  const crosses = published.map((value) => ({
    series: sourceName(value),
    compression: compressionAt(network.size, value.sparsity!),
    value: quantity === 'error' ? value.error! : 100 - value.error!,
  }));
  const dense = network.dense.map((reference) => {
    const { name, [quantity]: estimate } = reference;
    return { name, value: estimate.mean, budget: budgetLabel(reference, network.cells) };
  });
  const values = [...points, ...crosses, ...dense].map(({ value }) => value);
  const lost = network.cells
    .filter(({ trials }) => trials.length === 0)
    .map(({ series, sparsity }) => ({ series, compression: compressionAt(network.size, sparsity) }));
  const x = compressionAxis([...points, ...crosses, ...lost].map(({ compression }) => compression));
  const y = quantity === 'error' ? errorAxis(values) : accuracyAxis();
  const styleOf = new Map(styles.map((style) => [style.name, style]));
  const styled = <T extends { series: string }>(data: readonly T[]) =>
    data.map((datum) => ({ ...styleOf.get(datum.series)!, ...datum }));
  const xAt = { field: 'compression', ...x };
  const yAt = { field: 'value', ...y };
  return {
    width: WIDTH,
    height: HEIGHT,
    title: { text: networkTitle(network), offset: 14 },
    layer: [
      // A share of units is another share of the weights, and has no place on this axis.
      ...(network.granularity === 'unit' ? [] : sparsityRow(network, x.scale.domain, xAt)),
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

interface DenseMark {
  readonly name: string;
  readonly value: number;
  readonly budget: string | undefined;
}

/** The dense network, named at the right end of its rule. */
function denseRule(dense: readonly DenseMark[], y: object): Layer[] {
  const labels = dense.map(({ name, value, budget }) => ({
    value,
    label: `${name} ${formatFixed(value, 2)} %${budget === undefined ? '' : ` (${budget})`}`,
  }));
  const data = { values: labels };
  return [
    { data, mark: { type: 'rule', color: INK, strokeWidth: 1, opacity: 0.7 }, encoding: { y } },
    {
      data,
      mark: { type: 'text', align: 'right', baseline: 'top', dx: -3, dy: 4, fontSize: 10, color: INK },
      encoding: { x: { value: WIDTH }, y, text: { field: 'label' } },
    },
  ];
}

function pointsOf(network: NetworkSummary, quantity: Shown): Point[] {
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
function sparsityRow({ sparsities, size }: NetworkSummary, [from, to]: readonly [number, number], x: object): Layer[] {
  const pixel = (compression: number) => (WIDTH * Math.log(compression / from)) / Math.log(to / from);
  let last = -Infinity;
  const values = sparsities.flatMap((sparsity) => {
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
