import type { Benchmark } from '@prunebench/core';
import { belongsTo, type PublishedValue } from '../published.ts';
import type { FigureSpec, Panel } from '../render/svg.ts';
import { wrap } from '../render/text.ts';
import { seedCount } from '../summary/cell.ts';
import { isMeasured, type NetworkSummary, type Summary } from '../summary/summary.ts';
import { networkTitle } from '../tables/display.ts';
import type { Figure } from '../tables/kind.ts';
import { sizePlace } from '../tables/size-place.ts';
import { legendPanel, sourceName } from './legend.ts';
import { COLOR, INK, OUTLINE, PAGE_TITLE, publishedStyles, type SeriesStyle, SHAPE, seriesStyles } from './style.ts';
import { logDomain, logTicks } from './ticks.ts';

const WIDTH = 620;
const ROW = 26;
/** Of a disc that stands for all seeds, in square pixels. */
const AREA = 380;
/** How many times the least that is left the dense network has, from where on the axis is logarithmic. */
const LOG_FROM = 20;

/**
 * Which sizes each series ends at: a row for each series and a disc for each number of parameters, its area the number of seeds;
 * a bar at the mean with its 95 % interval, published values as crosses, the dense network as a rule.
 */
export const sizeFigure: Figure = {
  id: 'size',
  caption: 'Parameters that each series leaves, seed by seed',
  draw: (summary, benchmark, published) =>
    isMeasured(summary) ? [{ spec: sizePlot(summary, benchmark, published) }] : [],
};

function sizePlot(summary: Summary, benchmark: Benchmark, published: readonly PublishedValue[]): FigureSpec {
  const values = published.filter((value) => sizePlace(value, benchmark) === 'parameters' && value.series !== 'dense');
  const series = new Map(summary.networks.flatMap(({ series: each }) => each.map((one) => [one.name, one] as const)));
  const styles = seriesStyles([...series.values()]);
  const sources = publishedStyles([...new Set(values.map(sourceName))]);
  const panels = summary.networks.map((network) =>
    panel(
      network,
      values.filter((value) => belongsTo(value, network)),
      styles,
      sources,
    ),
  );
  const seeds = Math.max(...summary.networks.flatMap(({ cells }) => cells.map(seedCount)));
  const subtitle = `Parameters left, biases included, ${seeds === 1 ? '1 seed' : `${seeds} seeds: area of a disc = how many of them; bar = mean and 95 % interval`}; rule = dense network; scale ${summary.scale}`;
  return {
    title: { text: benchmark.title, subtitle: wrap(subtitle, WIDTH), ...PAGE_TITLE },
    spacing: 34,
    vconcat: sources.length === 0 ? panels : [...panels, legendPanel(sources)],
  };
}

function panel(
  network: NetworkSummary,
  published: readonly PublishedValue[],
  styles: readonly SeriesStyle[],
  sources: readonly SeriesStyle[],
): Panel {
  const rows = network.series.map(({ name }) => name);
  const styleOf = new Map([...styles, ...sources].map((style) => [style.name, style]));
  const discs = network.cells.flatMap(({ series, trials }) =>
    [...Map.groupBy(trials, ({ measured }) => measured.parameters.remaining)].map(([parameters, at]) => ({
      color: styleOf.get(series)!.color,
      series,
      parameters,
      area: (AREA * at.length) / trials.length,
    })),
  );
  const means = network.cells.flatMap(({ series, remainingParameters: left }) =>
    left === null ? [] : [{ series, mean: left.mean, low: left.low ?? left.mean, high: left.high ?? left.mean }],
  );
  const crosses = published.map((value) => {
    const { shape } = styleOf.get(sourceName(value))!;
    return { series: value.series, parameters: Number(value.row.value), shape };
  });
  const scale = sizeAxis(
    [...discs, ...crosses].map(({ parameters }) => parameters),
    network.size!.parameters,
  );
  const x = (field: string) => ({
    field,
    type: 'quantitative' as const,
    ...scale,
  });
  const y = {
    field: 'series',
    type: 'nominal' as const,
    sort: rows,
    scale: { domain: rows },
    axis: { title: null, ticks: false, domain: false, labelLimit: 0, labelPadding: 8 },
  };
  return {
    width: WIDTH,
    height: ROW * rows.length,
    title: { text: networkTitle(network), offset: 10 },
    layer: [
      {
        data: { values: [{ parameters: network.size!.parameters }] },
        mark: { type: 'rule', color: INK, strokeWidth: 1, opacity: 0.7 },
        encoding: { x: x('parameters') },
      },
      {
        data: { values: discs },
        mark: { type: 'circle', opacity: 0.45 },
        encoding: {
          x: x('parameters'),
          y,
          color: COLOR,
          size: { field: 'area', type: 'quantitative', scale: null, legend: null },
        },
      },
      {
        data: { values: means },
        mark: { type: 'rule', color: INK, strokeWidth: 1.6 },
        encoding: { x: x('low'), x2: { field: 'high' }, y },
      },
      {
        data: { values: means },
        mark: { type: 'tick', color: INK, thickness: 2, height: 13 },
        encoding: { x: x('mean'), y },
      },
      {
        data: { values: crosses },
        mark: { ...OUTLINE, color: INK },
        encoding: { x: x('parameters'), y, shape: SHAPE },
      },
    ],
  };
}

/** From nothing to the dense network; logarithmic where what is left would lie on the axis. */
function sizeAxis(left: readonly number[], parameters: number) {
  const least = Math.min(parameters, ...left);
  if (least <= 0 || parameters < LOG_FROM * least) {
    const axis = { title: 'parameters left', grid: true };
    return { scale: { domain: [0, parameters], nice: true }, axis };
  }
  const domain = logDomain([least, parameters], 1.5);
  const axis = { title: 'parameters left (log scale)', grid: true, values: logTicks(domain), format: ',' };
  return { scale: { type: 'log' as const, domain, nice: false }, axis };
}
