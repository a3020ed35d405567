import type { FigureSpec, Layer, Panel } from '../render/svg.ts';
import { wrap } from '../render/text.ts';
import { batchSizesOf, withheldNote } from '../summary/speedup.ts';
import type { NetworkSummary, Summary } from '../summary/summary.ts';
import { formatSpeedup, networkTitle } from '../tables/display.ts';
import type { Figure } from '../tables/kind.ts';
import { rangeWords } from '../tables/speedups.ts';
import { legendPanel } from './legend.ts';
import {
  COLOR,
  DASH,
  INK,
  LINE,
  MUTED,
  PAGE_TITLE,
  POINT,
  SERIES,
  type SeriesStyle,
  SHAPE,
  seriesStyles,
} from './style.ts';
import { logDomain, logTicks } from './ticks.ts';

const WIDTH = 270;
const HEIGHT = 250;

interface Point extends SeriesStyle {
  readonly series: string;
  readonly theoretical: number;
  readonly measured: number;
  readonly low: number;
  readonly high: number;
  /** Mean test accuracy; null where nothing was trained. */
  readonly accuracy: number | null;
}

/**
 * A row of panels for each network: measured against theoretical speed-up at each batch size (log axes; on the diagonal reality keeps
 * what theory promises, below 1 the pruned network is slower), and test accuracy against measured speed-up where the network was trained.
 */
export const speedFigure: Figure = {
  id: 'speed',
  caption: 'Measured against theoretical speed-up, and accuracy against measured speed-up',
  draw(summary, { title }) {
    const timed = summary.networks.some(({ cells }) => cells.some(({ speedups }) => speedups.length > 0));
    return timed ? [{ spec: speedPlot(summary, title) }] : [];
  },
};

function speedPlot(summary: Summary, title: string): FigureSpec {
  const series = new Map(summary.networks.flatMap(({ series: each }) => each.map((one) => [one.name, one] as const)));
  const shown = new Set(
    summary.networks.flatMap(({ cells }) =>
      cells.filter(({ speedups }) => speedups.length > 0).map((cell) => cell.series),
    ),
  );
  const styles = seriesStyles([...series.values()].filter(({ name }) => shown.has(name)));
  const timed = summary.networks.filter(({ cells }) => cells.some(({ speedups }) => speedups.length > 0));
  const cells = summary.networks.flatMap((network) => network.cells);
  const withheld = withheldNote(cells);
  const subtitle = `Dense time / time of the pruned network, on the same kernels: median over seeds, bars: ${rangeWords(cells)}; dashed: theory kept to the letter; rule: dense; scale ${summary.scale}`;
  return {
    title: {
      text: title,
      subtitle: wrap(withheld === undefined ? subtitle : `${subtitle}. ${withheld}`, 3 * WIDTH),
      ...PAGE_TITLE,
    },
    spacing: 40,
    vconcat: [...timed.map((network) => networkRow(network, styles)), legendPanel(styles)],
  };
}

function networkRow(network: NetworkSummary, styles: readonly SeriesStyle[]): Panel {
  const sizes = batchSizesOf(network.cells);
  const points = new Map(sizes.map((size) => [size, pointsOf(network, size, styles)]));
  const all = [...points.values()].flat();
  const domain = logDomain(
    [1, ...all.flatMap(({ theoretical, measured, low, high }) => [theoretical, measured, low, high])],
    1.3,
  );
  const name = networkTitle(network);
  const trained = sizes.filter((size) => points.get(size)!.some(({ accuracy }) => accuracy !== null));
  return {
    bounds: 'flush',
    spacing: 84,
    hconcat: [
      ...sizes.map((size) => ratioPanel(points.get(size)!, `${name}, batch ${size}`, domain)),
      // The largest batch alone: at equal accuracy both tell the same story, and a row has room for three panels.
      ...trained.slice(-1).map((size) => accuracyPanel(points.get(size)!, network, size)),
    ],
  };
}

function pointsOf({ cells }: NetworkSummary, size: number, styles: readonly SeriesStyle[]): Point[] {
  const styleOf = new Map(styles.map((style) => [style.name, style]));
  return cells.flatMap(({ series, speedups, theoreticalSpeedup, accuracy }) => {
    const measured = speedups.find(({ batchSize }) => batchSize === size);
    if (!measured || !theoreticalSpeedup) return [];
    return [
      {
        ...styleOf.get(series)!,
        series,
        theoretical: theoreticalSpeedup.mean,
        measured: measured.median,
        low: measured.low,
        high: measured.high,
        accuracy: accuracy?.mean ?? null,
      },
    ];
  });
}

function ratioPanel(points: readonly Point[], title: string, domain: readonly [number, number]): Panel {
  const x = { field: 'theoretical', ...ratioAxis('theoretical speed-up', domain) };
  const y = { field: 'measured', ...ratioAxis('measured speed-up', domain) };
  const ends = domain.map((value) => ({ theoretical: value, measured: value }));
  return {
    width: WIDTH,
    height: HEIGHT,
    title: { text: title, offset: 8 },
    layer: [
      {
        data: { values: ends },
        mark: { type: 'line', color: MUTED, strokeDash: [4, 3], strokeWidth: 1 },
        encoding: { x, y },
      },
      { data: { values: [{ measured: 1 }] }, mark: { type: 'rule', color: INK, opacity: 0.7 }, encoding: { y } },
      {
        data: { values: [...points] },
        mark: { type: 'rule', clip: true, strokeWidth: 1.2, opacity: 0.6 },
        encoding: { x, y: { ...y, field: 'low' }, y2: { field: 'high' }, color: COLOR },
      },
      ...lines(points, x, y),
    ],
  };
}

function accuracyPanel(points: readonly Point[], { dense }: NetworkSummary, size: number): Panel {
  const trained = points.filter(({ accuracy }) => accuracy !== null);
  const domain = logDomain([1, ...trained.map(({ measured }) => measured)], 1.2);
  const x = { field: 'measured', ...ratioAxis('measured speed-up', domain) };
  const y = {
    field: 'accuracy',
    type: 'quantitative' as const,
    scale: { zero: false, nice: true },
    axis: { title: 'test accuracy, %', grid: true },
  };
  return {
    width: WIDTH,
    height: HEIGHT,
    title: { text: `Accuracy, batch ${size}`, offset: 8 },
    layer: [
      {
        data: { values: dense.map(({ accuracy }) => ({ accuracy: accuracy.mean })) },
        mark: { type: 'rule', color: INK, opacity: 0.7 },
        encoding: { y },
      },
      ...lines(trained, x, y),
    ],
  };
}

/** Every series as a line with its markers. */
function lines(points: readonly Point[], x: object, y: object): Layer[] {
  const data = { values: [...points] };
  return [
    {
      data,
      mark: LINE,
      encoding: {
        x,
        y,
        color: COLOR,
        strokeDash: DASH,
        detail: SERIES,
        order: { field: 'theoretical', type: 'quantitative' },
      },
    },
    {
      data,
      mark: POINT,
      encoding: { x, y, color: COLOR, shape: SHAPE },
    },
  ];
}

function ratioAxis(title: string, domain: readonly [number, number]) {
  const values = logTicks(domain);
  return {
    type: 'quantitative' as const,
    scale: { type: 'log' as const, domain: [...domain], nice: false },
    axis: {
      title,
      values,
      labelExpr: `${JSON.stringify(values.map((value) => `${formatSpeedup(value)}×`))}[indexof(${JSON.stringify(values)}, datum.value)]`,
      grid: true,
    },
  };
}
