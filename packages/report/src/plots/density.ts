import { networkTitle } from '../display.ts';
import { formatPercent } from '../format.ts';
import type { Cell, NetworkSummary, Summary } from '../summary.ts';
import { type Panel, renderSvg, wrap } from './render.ts';
import { PAGE_TITLE } from './style.ts';

const CELL_WIDTH = 30;
const PAGE_WIDTH = 1000;
/** Room for the names of the layers and the gap between two maps. */
const MARGIN = 62;

interface LayerDensity {
  readonly layer: string;
  readonly sparsity: string;
  /** Mean over seeds, in percent. */
  readonly density: number;
  readonly collapsed: boolean;
}

/**
 * Heat maps of the share of its weights that each layer keeps (log colour scale), one for each network and series:
 * sparsity from left to right, layers from the input (top) to the output. A cross marks layers that lost all their
 * weights in at least one seed.
 */
export async function densityPlot(summary: Summary, title: string): Promise<string> {
  const densities = summary.networks.flatMap(({ cells }) => cells.flatMap(layerDensities));
  const lowest = Math.min(...densities.map(({ density }) => density).filter((density) => density > 0));
  return renderSvg({
    title: {
      text: `Where the weights are left: ${title}`,
      subtitle: wrap(
        `Share of its weights that each layer keeps (rows, input at the top) at each sparsity in % (columns), mean over seeds; × marks a layer left empty in some seed; scale ${summary.scale}`,
        100,
      ),
      ...PAGE_TITLE,
    },
    spacing: 40,
    vconcat: summary.networks.map((network) => networkMaps(network, [lowest, 100])),
    resolve: { scale: { color: 'shared' } },
  });
}

function networkMaps(network: NetworkSummary, range: readonly [number, number]): Panel {
  const width = CELL_WIDTH * network.sparsities.length;
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
  network: NetworkSummary,
  range: readonly [number, number],
): Panel {
  const layers = [...new Set(densities.map(({ layer }) => layer))];
  const rowHeight = layers.length > 24 ? 8 : 18;
  const x = {
    field: 'sparsity',
    type: 'ordinal' as const,
    sort: network.sparsities.map(sparsityLabel),
    axis: { title: null, labelAngle: 0, labelOverlap: true, ticks: false, domain: false, labelFontSize: 10 },
  };
  const y = {
    field: 'layer',
    type: 'ordinal' as const,
    sort: layers,
    axis: { title: null, ticks: false, domain: false, labelFontSize: 10, labelOverlap: true, labelLimit: 80 },
  };
  const color = {
    field: 'density',
    type: 'quantitative' as const,
    scale: { type: 'log' as const, domain: [...range], scheme: 'viridis' as const, clamp: true },
    legend: {
      title: 'weights left, %',
      format: '~r',
      orient: 'bottom' as const,
      direction: 'horizontal' as const,
      gradientLength: 240,
      offset: 24,
      titleFontWeight: 'normal' as const,
    },
  };
  return {
    title: {
      text: wrap(title, (CELL_WIDTH * network.sparsities.length + MARGIN) / 6.2),
      fontSize: 11.5,
      fontWeight: 'normal',
      offset: 6,
      anchor: 'start',
    },
    width: CELL_WIDTH * network.sparsities.length,
    height: rowHeight * layers.length,
    layer: [
      {
        data: { values: densities.filter(({ density }) => density > 0) },
        mark: { type: 'rect', stroke: 'white', strokeWidth: 1 },
        encoding: { x, y, color },
      },
      {
        data: { values: densities.filter(({ collapsed }) => collapsed) },
        mark: { type: 'text', text: '×', fontSize: rowHeight < 10 ? 11 : 17, fontWeight: 'bold', color: '#d7191c' },
        encoding: { x, y },
      },
    ],
  };
}

function layerDensities({ trials, collapsed, sparsity }: Cell): LayerDensity[] {
  const lost = new Set(collapsed.map(({ layer }) => layer));
  const layers = trials[0]?.densities ?? [];
  return layers.map(({ layer }, index) => {
    const shares = trials.map(({ densities }) => densities[index]!.remaining / densities[index]!.weights);
    return {
      layer: layer.replace(/\/kernel$/, ''),
      sparsity: sparsityLabel(sparsity),
      density: (100 * shares.reduce((sum, share) => sum + share, 0)) / shares.length,
      collapsed: lost.has(layer),
    };
  });
}

function sparsityLabel(sparsity: number): string {
  return formatPercent(sparsity);
}
