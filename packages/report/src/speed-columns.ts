import { formatNumber } from './format.ts';
import { batchSizesOf } from './speedup.ts';
import type { Cell } from './summary.ts';

type Measured = Pick<Cell, 'speedups' | 'fileBytes'>;

const name = (batchSize: number) => `measured_speedup_batch_${batchSize}`;

/**
 * Columns for measured speed and file sizes; none for tables whose records have neither, and none for quartiles and the baseline where all
 * records are of earlier versions.
 */
export function speedColumns(cells: readonly Measured[]): string[] {
  const sizes = batchSizesOf(cells);
  const all = cells.flatMap(({ speedups }) => speedups);
  const quartiles = all.some(({ quartiles }) => quartiles !== null);
  return [
    ...sizes.flatMap((size) => [
      name(size),
      ...(quartiles ? [`${name(size)}_q1`, `${name(size)}_q3`] : []),
      `${name(size)}_low`,
      `${name(size)}_high`,
    ]),
    ...(all.some(({ baseline }) => baseline === 'compiled') ? ['speedup_baseline'] : []),
    ...(sizes.length > 0 ? ['timed_seeds'] : []),
    ...(cells.some(({ fileBytes }) => fileBytes !== null) ? ['dense_file_bytes', 'sparse_file_bytes'] : []),
  ];
}

/** What a cell has for these columns. */
export function speedFields({ speedups, fileBytes }: Measured): Readonly<Record<string, string>> {
  const fields = speedups.flatMap(({ batchSize, median, quartiles, low, high }) => [
    [name(batchSize), formatNumber(median, 4)],
    ...(quartiles ?? []).map((quartile, i) => [
      `${name(batchSize)}_${i === 0 ? 'q1' : 'q3'}`,
      formatNumber(quartile, 4),
    ]),
    [`${name(batchSize)}_low`, formatNumber(low, 4)],
    [`${name(batchSize)}_high`, formatNumber(high, 4)],
  ]);
  return {
    ...Object.fromEntries(fields),
    ...(speedups[0] ? { speedup_baseline: speedups[0].baseline } : {}),
    ...(speedups.length > 0 ? { timed_seeds: String(Math.max(...speedups.map(({ seeds }) => seeds))) } : {}),
    ...(fileBytes
      ? {
          dense_file_bytes: formatNumber(fileBytes.dense.mean, 1),
          sparse_file_bytes: formatNumber(fileBytes.sparse.mean, 1),
        }
      : {}),
  };
}
