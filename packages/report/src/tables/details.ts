import type { Estimate } from '../statistics/estimate.ts';
import { rankCells } from '../statistics/ranks.ts';
import { type Cell, seedCount } from '../summary/cell.ts';
import { batchSizesOf } from '../summary/speedup.ts';
import { axisWords, formatEstimate, seriesName } from './display.ts';
import { formatFixed, formatNumber } from './format.ts';
import type { Shown } from './kind.ts';
import { recordedColumns } from './recorded-columns.ts';
import { speedupAt } from './speedups.ts';
import { type Table, tableOf } from './table.ts';

/** Every cell of a network in full, a row each. */
export function detailsTable({ network, kind, tests }: Shown): Table {
  const { axis, cells } = network;
  const ranks = rankCells(network, tests);
  const known = (head: string, text: (of: Cell) => string | null | undefined) => ({
    head,
    text: (of: Cell) => text(of) ?? '–',
  });
  const effective = known('effective %', ({ effectiveSparsity }) => percent(effectiveSparsity));
  return tableOf<Cell>(
    [
      { head: 'series', text: seriesName },
      { head: kind.asked?.[axis] ?? axisWords[axis].asked, text: ({ at }) => axisWords[axis].format(at) },
      known('achieved %', ({ achievedSparsity }) => percent(achievedSparsity)),
      ...(cells.some(({ effectiveSparsity }) => effectiveSparsity !== null) ? [effective] : []),
      known('compression', ({ compressionRatio }) => ratio(compressionRatio)),
      known('theoretical speed-up', ({ theoreticalSpeedup }) => ratio(theoreticalSpeedup)),
      ...batchSizesOf(cells).map((size) => known(`measured, batch ${size}`, (of) => speedupAt(of, size))),
      known('parameters left', ({ remainingParameters: left }) => left && formatNumber(left.mean, 1)),
      ...recordedColumns(cells).map(({ head, text }) => known(head, text)),
      known('smallest layer density %', ({ smallestDensity: of }) => of && formatNumber(of.mean * 100, 3)),
      known('accuracy, last epoch %', ({ accuracy }) => interval(accuracy)),
      known('accuracy, best-validation epoch %', (of) => interval(of.bestValidationAccuracy)),
      known('accuracy before retraining %', ({ prunedAccuracy }) => interval(prunedAccuracy)),
      { head: 'seeds', text: (of) => String(seedCount(of)) },
      { head: 'failed', text: ({ failures }) => String(failures.length) },
      known('rank', (of) => ranks.get(of)?.toString()),
    ],
    cells,
  );
}

function percent(share: Estimate | null): string | undefined {
  return share ? formatFixed(share.mean * 100, 3) : undefined;
}

function ratio(value: Estimate | null): string | undefined {
  return value ? `${formatFixed(value.mean, 2)}×` : undefined;
}

function interval(value: Estimate | null): string | undefined {
  return value ? formatEstimate(value) : undefined;
}
