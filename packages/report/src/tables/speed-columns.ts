import type { Cell } from '../summary/cell.ts';
import { batchSizesOf } from '../summary/speedup.ts';
import { formatNumber } from './format.ts';

type Measured = Pick<Cell, 'speedups' | 'withheld' | 'fileBytes'>;

interface SpeedColumn {
  readonly head: string;
  text(cell: Measured): string;
}

/**
 * Columns for measured speed and file sizes; none for tables whose records have neither. `timing_range` says what low and high are,
 * where some are quartiles; `withheld_timings` is there where some are withheld; `speedup_baseline` where some are against the compiled
 * network.
 */
export function speedColumns(cells: readonly Measured[]): SpeedColumn[] {
  const sizes = batchSizesOf(cells);
  const all = cells.flatMap(({ speedups }) => speedups);
  return [
    ...sizes.flatMap(ratioColumns),
    ...(all.some(({ baseline }) => baseline === 'compiled') ? [baseline] : []),
    ...(sizes.length > 0 ? [timedSeeds] : []),
    ...(cells.some((cell) => rangeOf(cell) === 'quartiles') ? [timingRange] : []),
    ...(cells.some(({ withheld }) => withheld.length > 0) ? [withheldTimings] : []),
    ...(cells.some(({ fileBytes }) => fileBytes !== null) ? [bytesColumn('dense'), bytesColumn('sparse')] : []),
  ];
}

/** The speed-up at one batch size, with the ends of its range. */
function ratioColumns(batchSize: number): SpeedColumn[] {
  const name = `measured_speedup_batch_${batchSize}`;
  return (['median', 'low', 'high'] as const).map((part) => ({
    head: part === 'median' ? name : `${name}_${part}`,
    text({ speedups }) {
      const measured = speedups.find((speedup) => speedup.batchSize === batchSize);
      return measured ? formatNumber(measured[part], 4) : '';
    },
  }));
}

const baseline: SpeedColumn = {
  head: 'speedup_baseline',
  text: ({ speedups: [first] }) => first?.baseline ?? '',
};

const timingRange: SpeedColumn = { head: 'timing_range', text: rangeOf };

const timedSeeds: SpeedColumn = {
  head: 'timed_seeds',
  text: ({ speedups }) => (speedups.length > 0 ? String(Math.max(...speedups.map(({ seeds }) => seeds))) : ''),
};

const withheldTimings: SpeedColumn = {
  head: 'withheld_timings',
  text: ({ speedups, withheld }) =>
    speedups.length + withheld.length > 0 ? String(withheld.reduce((sum, { timings }) => sum + timings, 0)) : '',
};

function bytesColumn(form: 'dense' | 'sparse'): SpeedColumn {
  return {
    head: `${form}_file_bytes`,
    text: ({ fileBytes }) => (fileBytes ? formatNumber(fileBytes[form].mean, 1) : ''),
  };
}

/** What low and high of a cell are; nothing where it has none. */
function rangeOf({ speedups }: Measured): string {
  if (speedups.some(({ range }) => range === 'rounds')) return 'rounds';
  return speedups.some(({ range }) => range === 'quartiles') ? 'quartiles' : '';
}

/** Batch sizes that are measured unless a command names others. */
const USUAL_BATCH_SIZES = [1, 128] as const;

/** The same columns, for a table that has them all whatever the records say. */
export const speedColumnsAlways: readonly SpeedColumn[] = [
  ...USUAL_BATCH_SIZES.flatMap(ratioColumns),
  baseline,
  timedSeeds,
  timingRange,
  withheldTimings,
  bytesColumn('dense'),
  bytesColumn('sparse'),
];
