import { formatNumber } from './format.ts';
import { batchSizesOf } from './speedup.ts';
import type { Cell } from './summary.ts';

type Measured = Pick<Cell, 'speedups' | 'withheld' | 'fileBytes'>;

const name = (batchSize: number) => `measured_speedup_batch_${batchSize}`;

/**
 * Columns for measured speed and file sizes; none for tables whose records have neither. `timing_range` says what low and high are,
 * where some are quartiles; `withheld_timings` is there where some are withheld; `speedup_baseline` where some are against the compiled
 * network.
 */
export function speedColumns(cells: readonly Measured[]): string[] {
  const sizes = batchSizesOf(cells);
  const all = cells.flatMap(({ speedups }) => speedups);
  return [
    ...sizes.flatMap((size) => [name(size), `${name(size)}_low`, `${name(size)}_high`]),
    ...(all.some(({ baseline }) => baseline === 'compiled') ? ['speedup_baseline'] : []),
    ...(sizes.length > 0 ? ['timed_seeds'] : []),
    ...(cells.some(hasQuartiles) ? ['timing_range'] : []),
    ...(cells.some(({ withheld }) => withheld.length > 0) ? ['withheld_timings'] : []),
    ...(cells.some(({ fileBytes }) => fileBytes !== null) ? ['dense_file_bytes', 'sparse_file_bytes'] : []),
  ];
}

/** What a cell has for these columns. */
export function speedFields(cell: Measured): Readonly<Record<string, string>> {
  const { speedups, withheld, fileBytes } = cell;
  const fields = speedups.flatMap(({ batchSize, median, low, high }) => [
    [name(batchSize), formatNumber(median, 4)],
    [`${name(batchSize)}_low`, formatNumber(low, 4)],
    [`${name(batchSize)}_high`, formatNumber(high, 4)],
  ]);
  return {
    ...Object.fromEntries(fields),
    ...(speedups[0] ? { speedup_baseline: speedups[0].baseline } : {}),
    ...(speedups.length > 0 ? { timed_seeds: String(Math.max(...speedups.map(({ seeds }) => seeds))) } : {}),
    ...(speedups.length > 0 ? { timing_range: hasQuartiles(cell) ? 'quartiles' : 'rounds' } : {}),
    ...(speedups.length + withheld.length > 0
      ? { withheld_timings: String(withheld.reduce((sum, { timings }) => sum + timings, 0)) }
      : {}),
    ...(fileBytes
      ? {
          dense_file_bytes: formatNumber(fileBytes.dense.mean, 1),
          sparse_file_bytes: formatNumber(fileBytes.sparse.mean, 1),
        }
      : {}),
  };
}

function hasQuartiles({ speedups }: Measured): boolean {
  return speedups.length > 0 && speedups.every(({ range }) => range === 'quartiles');
}
