import type { FigureSpec, Layer, Panel } from '../render/svg.ts';
import { wrap } from '../render/text.ts';
import type { Cell } from '../summary/cell.ts';
import { isUnpruned } from '../summary/same-budget.ts';
import { isMeasured, type NetworkSummary, type Summary } from '../summary/summary.ts';
import { axisWords, networkTitle } from '../tables/display.ts';
import type { Figure, Picture } from '../tables/kind.ts';
import { columnNames, type Grid, layerNames, namesHeight } from './density-labels.ts';
import { PAGE_TITLE } from './style.ts';

const PAGE_WIDTH = 980;
const GAP = 22;
/** Room for the title of a map. */
const LEAST_PITCH = 170;
const FEW_LAYERS = 6;
const UNTRIED = '#f0f1f3';
const TITLE_SIZE = 11;
/** Steps of the colour scale for every tenfold density: neighbours are told apart by a measuring eye at most. */
const STEPS_PER_DECADE = 6;
const CROSS = '#d7191c';

interface LayerDensity {
  readonly layer: string;
  /** Where on the axis. */
  readonly at: number;
  /** Mean over seeds, in percent. */
  readonly density: number;
  readonly collapsed: boolean;
}

/**
 * Heat maps of the share of its weights that each layer keeps (log colour scale), one for each network and series:
 * sparsity from left to right, layers from the input (top) to the output. A cross marks layers that lost all their
 * weights in at least one seed.
 *
 * All cells of a map that have one colour are one path, and so are its crosses: an element for each makes files of megabytes.
 */
export const densityFigure: Figure = {
  id: 'density',
  caption: 'Density of every layer at each sparsity',
  draw: (summary, { title }) => (isMeasured(summary) ? densityPlots(summary, title) : []),
};

/** Cells of a picture, unless a single network has more: beyond them it would have more than 60 KB. */
const PAGE_CELLS = 2000;

/** All networks, on as many pictures as they need; colours mean the same on all of them. */
function densityPlots(summary: Summary, title: string): readonly Picture[] {
  const densities = summary.networks.flatMap(({ cells }) => cells.flatMap(layerDensities));
  const lowest = Math.min(...densities.map(({ density }) => density).filter((density) => density > 0));
  const range = [lowest, 100] as const;
  const pages = pagesOf(summary.networks);
  return pages.map((networks) => ({
    ...(pages.length === 1 ? {} : { part: networks.map(networkTitle).join(', ') }),
    spec: densityPlot({ ...summary, networks }, title, range),
  }));
}

function pagesOf(networks: readonly NetworkSummary[]): NetworkSummary[][] {
  const pages: NetworkSummary[][] = [];
  let room = 0;
  for (const network of networks) {
    const size = network.cells.flatMap(layerDensities).length;
    const page = pages.at(-1);
    if (page !== undefined && size <= room) page.push(network);
    else {
      pages.push([network]);
      room = PAGE_CELLS;
    }
    room -= size;
  }
  return pages;
}

function densityPlot(summary: Summary, title: string, range: readonly [number, number]): FigureSpec {
  const points = [...new Set(summary.networks.map(({ axis }) => axis))].map((axis) => POINTS[axis]);
  const holes = summary.networks.some((network) =>
    mapsOf(network).some(({ tried }) => tried < pointsOf(network).length),
  );
  const what = `Share of its weights that each layer keeps (rows, input at the top) at each ${points.join(' or ')} (columns), mean over seeds; × marks a layer left empty in some seed${holes ? '; grey: not tried or empty' : ''}; scale ${summary.scale}`;
  return {
    title: { text: `Where the weights are left: ${title}`, subtitle: wrap(what, 700), ...PAGE_TITLE },
    spacing: 40,
    vconcat: summary.networks.map((network) => networkMaps(network, range)),
    resolve: { scale: { color: 'shared' } },
  };
}

const POINTS = {
  sparsity: 'sparsity in %',
  units: 'share of units in %',
  multiplyAdds: 'multiply-adds gone in %',
  lambda: 'λ',
} as const;

/** The points at which something is removed: a network with all of its weights has nothing to show. */
function pointsOf({ points, axis }: NetworkSummary): readonly number[] {
  return points.filter((at) => !isUnpruned({ axis, at }));
}

interface SeriesMap {
  readonly title: string;
  readonly densities: readonly LayerDensity[];
  /** At how many points. */
  readonly tried: number;
}

function mapsOf({ series, cells }: NetworkSummary): SeriesMap[] {
  return series.flatMap(({ name, control }) => {
    const own = cells.filter((cell) => cell.series === name && !isUnpruned(cell));
    const densities = own.flatMap(layerDensities);
    if (densities.length === 0) return [];
    return [{ title: control ? `control: ${name}` : name, densities, tried: own.length }];
  });
}

/** All maps of a network on one grid, so that a point is the same column in each: layers are named at the left, points below. */
function networkMaps(network: NetworkSummary, range: readonly [number, number]): Panel {
  const maps = mapsOf(network);
  const points = pointsOf(network);
  const layers = [...new Set(maps.flatMap(({ densities }) => densities.map(({ layer }) => layer)))];
  const names = points.map(axisWords[network.axis].format);
  const grid = gridOf(points.length, layers.length);
  const width = grid.cellWidth * points.length;
  const pitch = Math.max(width, LEAST_PITCH);
  const columns = Math.max(1, Math.floor((PAGE_WIDTH + GAP) / (pitch + GAP)));
  const titles = maps.map(({ title }) => wrap(title, pitch, TITLE_SIZE));
  const pointRoom = layers.length > FEW_LAYERS ? 0 : namesHeight(names, grid);
  const titleRoom = 13 * Math.max(0, ...titles.map(({ length }) => length));
  return {
    title: { text: networkTitle(network), fontSize: 14, offset: 12 },
    columns,
    spacing: { row: 22 + titleRoom + pointRoom, column: GAP + pitch - width },
    bounds: 'flush',
    concat: maps.map(({ densities }, index) => {
      const isLeft = index % columns === 0;
      // Where maps are low, looking for the points below another one takes longer than reading them twice.
      const isNamed = index + columns >= maps.length || layers.length <= FEW_LAYERS;
      return {
        title: { text: titles[index], fontSize: TITLE_SIZE, fontWeight: 'normal', offset: 6, anchor: 'start' },
        width,
        view: { fill: UNTRIED },
        height: grid.rowHeight * layers.length,
        layer: [
          ...mapLayers(densities, points, layers, { grid, range }),
          ...(isLeft ? [layerNames(layers, grid)] : []),
          ...(isNamed ? [columnNames(names, grid, layers.length)] : []),
        ],
      };
    }),
  };
}

/** Many columns and rows are narrower and lower than few. */
function gridOf(columns: number, rows: number): Grid {
  return { cellWidth: columns > 8 ? 18 : 28, rowHeight: rows > 24 ? 9 : rows > FEW_LAYERS ? 12 : 16 };
}

function mapLayers(
  densities: readonly LayerDensity[],
  points: readonly number[],
  layers: readonly string[],
  { grid, range }: { readonly grid: Grid; readonly range: readonly [number, number] },
): Layer[] {
  const placeOf = ({ at, layer }: LayerDensity) => ({ column: points.indexOf(at), row: layers.indexOf(layer) });
  const left = densities.filter(({ density }) => density > 0);
  return [
    colouredCells(
      left.map((each) => ({ ...placeOf(each), density: each.density })),
      grid,
      range,
    ),
    crosses(densities.filter(({ collapsed }) => collapsed).map(placeOf), grid),
  ];
}

interface Place {
  readonly column: number;
  readonly row: number;
}

/** A path is a mark in the panel's corner; its coordinates are pixels, because a symbol of four square pixels is drawn as it is given. */
const PATH = { x: { value: 0 }, y: { value: 0 }, shape: { field: 'path', type: 'nominal', scale: null } } as const;
const AS_GIVEN = { type: 'point', filled: false, size: 4, opacity: 1, strokeJoin: 'bevel', aria: false } as const;

/**
 * A path for each step of the colour scale: layers one below the other, which often keep the same share, are one dashed line, as wide
 * as a column, whose gaps part them.
 */
function colouredCells(
  cells: readonly (Place & { readonly density: number })[],
  { cellWidth, rowHeight }: Grid,
  range: readonly [number, number],
): Layer {
  const steps = Map.groupBy(cells, ({ density }) => Math.round(Math.log10(density) * STEPS_PER_DECADE));
  const values = [...steps].map(([step, ofStep]) => ({
    density: 10 ** (step / STEPS_PER_DECADE),
    path: runsOf(ofStep)
      .map(({ column, from, to }) => {
        const x = cellWidth * (column + 0.5);
        return `M${x},${rowHeight * from + 0.5}L${x},${rowHeight * to - 0.5}`;
      })
      .join(''),
  }));
  return {
    data: { values },
    // Clipped, or the wide lines would push the titles away.
    mark: { ...AS_GIVEN, clip: true, strokeWidth: cellWidth - 1, strokeDash: [rowHeight - 1, 1] },
    encoding: {
      ...PATH,
      color: {
        field: 'density',
        type: 'quantitative',
        scale: { type: 'log', domain: [...range], scheme: 'viridis', clamp: true },
        legend: {
          title: 'weights left, %',
          format: '~r',
          orient: 'bottom',
          direction: 'horizontal',
          gradientLength: 240,
          offset: 24,
          titleFontWeight: 'normal',
        },
      },
    },
  };
}

/** Neighbours in a column, from the first row to the one behind the last. */
function runsOf(cells: readonly Place[]): { readonly column: number; readonly from: number; readonly to: number }[] {
  const runs: { column: number; from: number; to: number }[] = [];
  for (const { column, row } of cells.toSorted((a, b) => a.column - b.column || a.row - b.row)) {
    const last = runs.at(-1);
    if (last?.column === column && last.to === row) last.to++;
    else runs.push({ column, from: row, to: row + 1 });
  }
  return runs;
}

function crosses(places: readonly Place[], { cellWidth, rowHeight }: Grid): Layer {
  const arm = rowHeight < 10 ? 2.5 : 4;
  const path = places
    .map(({ column, row }) => {
      const [x, y] = [cellWidth * (column + 0.5), rowHeight * (row + 0.5)];
      const [left, right, top, bottom] = [x - arm, x + arm, y - arm, y + arm];
      return `M${left},${top}L${right},${bottom}M${right},${top}L${left},${bottom}`;
    })
    .join('');
  return {
    data: { values: path === '' ? [] : [{ path }] },
    mark: { ...AS_GIVEN, strokeWidth: arm / 1.7, color: CROSS },
    encoding: PATH,
  };
}

function layerDensities({ trials, collapsed, at }: Cell): LayerDensity[] {
  const lost = new Set(collapsed.map(({ layer }) => layer));
  const layers = trials[0]?.measured.layers ?? [];
  return layers.map(({ name }, index) => {
    const shares = trials.map(({ measured }) => measured.layers[index].remaining / measured.layers[index].weights);
    return {
      layer: name.replace(/\/kernel$/, ''),
      at,
      density: (100 * shares.reduce((sum, share) => sum + share, 0)) / shares.length,
      collapsed: lost.has(name),
    };
  });
}
