import { describePoint, type EpochLog, type Measured, pointOf, type TrialRecord } from '@prunebench/core';
import type { FigureSpec, Layer, Panel } from '../render/svg.ts';
import { wrap } from '../render/text.ts';
import { properName } from '../tables/display.ts';
import { formatNumber } from '../tables/format.ts';
import { GRID, INK, MUTED, PAGE_TITLE, type SeriesStyle, seriesStyles } from './style.ts';

/** What the trainings of a trial logged, one after the other. */
export interface TrainingCurve {
  /** `epoch`: passes over the training split since the trial began; accuracies in percent. */
  readonly points: readonly EpochLog[];
  /** After how many of them weights were removed. */
  readonly prunedAt: readonly number[];
}

const WIDTH = 620;
const HEIGHT = 170;
const ROW = 16;
/** Points of a line and rules that are drawn: more would be told apart by nobody, and be more than 60 KB. */
const MOST_POINTS = 400;
const MOST_RULES = 60;

/**
 * One trial: validation accuracy and losses over its epochs, with a dashed rule where weights were removed, and the share of its
 * weights that each layer keeps. Without a curve, or where nothing was measured, that part is left out; null where both are.
 */
export function trialPlot(record: TrialRecord, curve: TrainingCurve | null): FigureSpec | null {
  const { measured, series, spec, benchmark, scale } = record;
  const panels = [
    ...(curve && curve.points.length > 0 ? curvePanels(curve) : []),
    ...(measured && measured.layers.length > 0 ? [densityPanel(measured.layers)] : []),
  ];
  if (panels.length === 0) return null;
  const cut = curve?.prunedAt.length ?? 0;
  const rules = cut === 0 ? '' : `; weights were removed ${cut === 1 ? 'once' : `${cut} times`}`;
  const dashed = cut > 0 && cut <= MOST_RULES ? ' (dashed)' : '';
  return {
    title: {
      text: wrap(`${series}: ${properName(spec.network)} on ${properName(spec.dataset)}`, 700, PAGE_TITLE.fontSize),
      subtitle: wrap(
        `${describePoint(pointOf(spec))}, seed ${spec.seed}; ${benchmark}, scale ${scale}, trial ${record.key.slice(0, 8)}${rules}${dashed}`,
        700,
      ),
      ...PAGE_TITLE,
    },
    spacing: 30,
    vconcat: panels,
  };
}

const [VALIDATION, TRAINING] = seriesStyles([
  { name: 'validation split', control: false },
  { name: 'training split', control: false },
]);

function curvePanels({ points, prunedAt }: TrainingCurve): readonly Panel[] {
  const drawn = thinned(points);
  const rules = prunedAt.length <= MOST_RULES ? prunedAt : [];
  const last = Math.max(...points.map(({ epoch }) => epoch), ...rules);
  const accuracy = drawn.map(({ epoch, validation }) => ({ x: epoch, y: validation.accuracy }));
  const validation = drawn.map((point) => ({ x: point.epoch, y: point.validation.loss }));
  const training = drawn.map((point) => ({ x: point.epoch, y: point.trainLoss }));
  return [
    curvePanel('validation accuracy, %', [{ style: VALIDATION, values: accuracy }], rules, last),
    curvePanel(
      'loss',
      [
        { style: VALIDATION, values: validation },
        { style: TRAINING, values: training },
      ],
      rules,
      last,
    ),
  ];
}

interface Line {
  readonly style: SeriesStyle;
  readonly values: readonly { readonly x: number; readonly y: number }[];
}

function curvePanel(title: string, lines: readonly Line[], rules: readonly number[], last: number): Panel {
  const x = (field: string) => ({
    field,
    type: 'quantitative' as const,
    scale: { domain: [0, last], nice: false },
    axis: { title: 'epochs since the trial began', grid: false },
  });
  return {
    width: WIDTH,
    height: HEIGHT,
    layer: [
      {
        data: { values: rules.map((at) => ({ at })) },
        mark: { type: 'rule', strokeDash: [4, 3], color: MUTED },
        encoding: { x: x('at') },
      },
      ...lines.map(({ style, values }) => ({
        data: { values: [...values] },
        mark: { type: 'line' as const, strokeWidth: 1.8, color: style.color, point: pointOnly(values, style.color) },
        encoding: {
          x: x('x'),
          y: {
            field: 'y',
            type: 'quantitative' as const,
            scale: { zero: false },
            axis: { title, grid: true },
          },
        },
      })),
      ...(lines.length > 1 ? lines.map(({ style }, index) => lineName(style, index)) : []),
    ],
  };
}

/** The names of lines stand at the top right, where losses are low. */
function lineName({ name, color }: SeriesStyle, index: number): Layer {
  return {
    data: { values: [{ name }] },
    mark: { type: 'text', align: 'right', baseline: 'middle', fontSize: 11, color },
    encoding: { x: { value: WIDTH - 4 }, y: { value: 10 + ROW * index }, text: { field: 'name' } },
  };
}

/** A line of one point is none: it is drawn as a point. */
function pointOnly(
  values: readonly unknown[],
  color: string,
): false | { readonly color: string; readonly size: number } {
  return values.length > 1 ? false : { color, size: 42 };
}

/** Every so many points, and the last one. */
function thinned<T>(points: readonly T[]): readonly T[] {
  const every = Math.ceil(points.length / MOST_POINTS);
  return points.filter((_, index) => index % every === 0 || index === points.length - 1);
}

/** A bar for each layer, input at the top, with the count beside it. */
function densityPanel(layers: Measured['layers']): Panel {
  const values = layers.map(({ name, weights, remaining }) => ({
    name,
    percent: (100 * remaining) / weights,
    label: `${formatNumber((100 * remaining) / weights, 2)} %: ${remaining} of ${weights}`,
  }));
  const y = {
    field: 'name',
    type: 'nominal',
    sort: null,
    axis: { title: null, domain: false, ticks: false, labelLimit: 220 },
  } as const;
  return {
    title: { text: 'Weights left in each layer, %', fontSize: 13 },
    width: WIDTH,
    height: ROW * layers.length,
    layer: [
      {
        data: { values },
        mark: { type: 'bar', color: VALIDATION.color, height: ROW - 5 },
        encoding: {
          x: {
            field: 'percent',
            type: 'quantitative',
            scale: { domain: [0, 100] },
            axis: { title: null, grid: true, gridColor: GRID },
          },
          y,
        },
      },
      {
        data: { values },
        mark: { type: 'text', align: 'left', baseline: 'middle', fontSize: 10, color: INK },
        encoding: { x: { value: WIDTH + 8 }, y, text: { field: 'label' } },
      },
    ],
  };
}
