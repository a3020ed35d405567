import { formatNumber } from './format.ts';
import { batchSizesOf } from './speedup.ts';
import type { Cell } from './summary.ts';

type Measured = Pick<Cell, 'speedups' | 'fileBytes'>;

const name = (batchSize: number) => `measured_speedup_batch_${batchSize}`;

/** Columns for measured speed and file sizes; none for tables whose records have neither. */
export function speedColumns(cells: readonly Measured[]): string[] {
  const sizes = batchSizesOf(cells);
  return [
    ...sizes.flatMap((size) => [name(size), `${name(size)}_low`, `${name(size)}_high`]),
    ...(sizes.length > 0 ? ['timed_seeds'] : []),
    ...(cells.some(({ fileBytes }) => fileBytes !== null) ? ['dense_file_bytes', 'sparse_file_bytes'] : []),
  ];
}

/** What a cell has for these columns. */
export function speedFields({ speedups, fileBytes }: Measured): Readonly<Record<string, string>> {
  const fields = speedups.flatMap(({ batchSize, median, low, high }) => [
    [name(batchSize), formatNumber(median, 4)],
    [`${name(batchSize)}_low`, formatNumber(low, 4)],
    [`${name(batchSize)}_high`, formatNumber(high, 4)],
  ]);
  return {
    ...Object.fromEntries(fields),
    ...(speedups.length > 0 ? { timed_seeds: String(Math.max(...speedups.map(({ seeds }) => seeds))) } : {}),
    ...(fileBytes
      ? {
          dense_file_bytes: formatNumber(fileBytes.dense.mean, 1),
          sparse_file_bytes: formatNumber(fileBytes.sparse.mean, 1),
        }
      : {}),
  };
}
