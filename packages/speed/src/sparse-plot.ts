import { type Panel, renderSvg } from '@prunebench/report';
import { isWide, withheldNote } from './format.ts';
import type { SparseRow } from './sparse-rows.ts';
import { MASKS } from './sparse-tables.ts';

const PANELS: Readonly<Record<SparseRow['what'], string | undefined>> = {
  product: undefined,
  inference: 'inference of whole networks',
  layer: 'single layers',
  training: 'training steps',
};

/** Both axes logarithmic, the horizontal one in what is left: an ideal implementation is a straight line. */
export function sparsePlot(rows: readonly SparseRow[]): Promise<string> {
  const timed = rows.filter(
    ({ what, overDense, sparsity }) => what !== 'product' && overDense !== null && sparsity > 0,
  );
  const shown = timed.filter(({ overDenseMin, overDenseMax }) => !isWide(overDenseMin, overDenseMax));
  const threads = Math.max(...timed.map((row) => row.threads));
  const all = timed.filter((row) => row.threads === threads).length;
  const values = shown
    .filter((row) => row.threads === threads)
    .map(({ what, name, batchSize, sparsity, overDense, theoretical }) => ({
      panel: PANELS[what],
      series: `${name}, batch ${batchSize}`,
      sparsity: 100 * sparsity,
      density: 1 - sparsity,
      speedup: overDense,
      theoretical,
    }));
  const withheld = all - values.length;
  const panels = [...new Set(values.map(({ panel }) => panel))];
  const x = {
    field: 'density',
    type: 'quantitative' as const,
    title: 'sparsity, %',
    scale: { type: 'log' as const, reverse: true, domain: [0.02, 1] },
    axis: { values: [0.02, 0.05, 0.1, 0.2, 0.5, 1], labelExpr: "format(100 * (1 - datum.value), '.0f')" },
  };
  const y = {
    type: 'quantitative' as const,
    title: 'speed-up over our dense kernels',
    scale: { type: 'log' as const },
  };
  return renderSvg({
    title: {
      text: `Measured speed-up of pruned networks, ${threads} thread${threads === 1 ? '' : 's'}`,
      subtitle: [
        `${MASKS} masks; dashed: theoretical (dense / remaining multiply-adds)`,
        ...withheldNote(withheld, all),
      ],
    },
    spacing: 60,
    resolve: { scale: { color: 'independent' } },
    hconcat: panels.map((panel): Panel => {
      const data = { values: values.filter((value) => value.panel === panel) };
      return {
        title: panel ?? '',
        width: 420,
        height: 360,
        layer: [
          {
            data,
            mark: { type: 'line', point: true },
            encoding: {
              x,
              y: { ...y, field: 'speedup' },
              color: { field: 'series', type: 'nominal', title: null, sort: null },
            },
          },
          {
            data,
            mark: { type: 'line', strokeDash: [4, 4], color: '#656d76' },
            encoding: { x, y: { ...y, field: 'theoretical', aggregate: 'mean' } },
          },
          {
            data: { values: [{ one: 1 }] },
            mark: { type: 'rule', color: '#656d76' },
            encoding: { y: { ...y, field: 'one' } },
          },
        ],
      };
    }),
  });
}
