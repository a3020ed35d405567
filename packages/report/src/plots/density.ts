import { type FigureSpec, type Layer, type Panel, wrap } from '../render/svg.ts';
import type { Cell } from '../summary/cell.ts';
import { isMeasured, type NetworkSummary, type Summary } from '../summary/summary.ts';
import { axisWords, networkTitle } from '../tables/display.ts';
import type { Figure, Picture } from '../tables/kind.ts';
import { FONT, INK, PAGE_TITLE } from './style.ts';

const CELL_WIDTH = 30;
const PAGE_WIDTH = 1000;
/** Room for the names of the layers and the gap between two maps. */
const MARGIN = 62;
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
  return {
    title: {
      text: `Where the weights are left: ${title}`,
      subtitle: wrap(
        `Share of its weights that each layer keeps (rows, input at the top) at each ${points.join(' or ')} (columns), mean over seeds; × marks a layer left empty in some seed; scale ${summary.scale}`,
        100,
      ),
      ...PAGE_TITLE,
    },
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

function networkMaps(network: NetworkSummary, range: readonly [number, number]): Panel {
  const width = CELL_WIDTH * network.points.length;
  const maps = network.series.flatMap(({ name, control }) => {
    const densities = network.cells.filter(({ series }) => series === name).flatMap(layerDensities);
    return densities.length === 0 ? [] : [densityMap(control ? `control: ${name}` : name, densities, network, range)];
  });
  return {
    title: { text: networkTitle(network), fontSize: 14, offset: 12 },
    columns: Math.max(1, Math.floor(PAGE_WIDTH / (width + MARGIN))),
    spacing: { row: 56, column: MARGIN },
    bounds: 'flush',
    concat: maps,
  };
}

function densityMap(
  title: string,
  densities: readonly LayerDensity[],
  { points, axis }: NetworkSummary,
  range: readonly [number, number],
): Panel {
  const layers = [...new Set(densities.map(({ layer }) => layer))];
  const rowHeight = layers.length > 24 ? 8 : 18;
  const width = CELL_WIDTH * points.length;
  const columns = points.filter((point) => densities.some(({ at }) => at === point));
  const grid = { cellWidth: width / columns.length, rowHeight };
  const placeOf = ({ at, layer }: LayerDensity) => ({ column: columns.indexOf(at), row: layers.indexOf(layer) });
  return {
    title: {
      text: wrap(title, (width + MARGIN) / 6.2),
      fontSize: 11.5,
      fontWeight: 'normal',
      offset: 6,
      anchor: 'start',
    },
    width,
    height: rowHeight * layers.length,
    layer: [
      colouredCells(
        densities.filter(({ density }) => density > 0).map((each) => ({ ...placeOf(each), density: each.density })),
        grid,
        range,
      ),
      crosses(densities.filter(({ collapsed }) => collapsed).map(placeOf), grid),
      layerNames(layers, rowHeight),
      columnNames(columns.map(axisWords[axis].format), grid, rowHeight * layers.length),
    ],
  };
}

interface Place {
  readonly column: number;
  readonly row: number;
}

/** Sizes in pixels. */
interface Grid {
  readonly cellWidth: number;
  readonly rowHeight: number;
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

const LABEL = { type: 'text', font: FONT, fontSize: 10, color: INK, aria: false } as const;
/** Width of a character of such a label, at most. */
const CHARACTER = 8;

/** The names of the rows: one text with a line for each. */
function layerNames(layers: readonly string[], rowHeight: number): Layer {
  const every = rowHeight < 10 ? 2 : 1;
  const text = layers.map((layer, index) => (index % every === 0 ? layer : ' '));
  return {
    data: { values: [{}] },
    mark: { ...LABEL, text, lineHeight: rowHeight, align: 'right', baseline: 'middle', limit: 80 },
    encoding: { x: { value: -2 }, y: { value: rowHeight / 2 } },
  };
}

/** The points below their columns; every second, every fourth ... where they would touch. */
function columnNames(names: readonly string[], { cellWidth }: Grid, height: number): Layer {
  const touch = (every: number) => {
    const shown = names.filter((_, index) => index % every === 0);
    return shown.slice(1).some((name, i) => (CHARACTER * (name.length + shown[i].length)) / 2 > cellWidth * every);
  };
  let every = 1;
  while (touch(every)) every *= 2;
  const values = names.flatMap((text, index) => (index % every === 0 ? [{ text, x: cellWidth * (index + 0.5) }] : []));
  return {
    data: { values },
    mark: { ...LABEL, align: 'center', baseline: 'top' },
    encoding: {
      x: { field: 'x', type: 'quantitative', scale: null, axis: null },
      y: { value: height + 2 },
      text: { field: 'text' },
    },
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
