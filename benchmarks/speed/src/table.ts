import { markdownTable } from 'markdown-table';
import type { SpeedRow } from './measure.ts';
import type { JobRow } from './mnist-job.ts';

const fixed = (value: number | null, digits = 2) => (value === null ? '' : value.toFixed(digits));

/** Ratios as a Markdown table; above 1 we are faster. */
export function speedTable(rows: readonly SpeedRow[]): string {
  return markdownTable(
    [
      [
        'network',
        'batch of 128',
        'threads',
        'ours, ms',
        'PyTorch, ms',
        'its layout',
        'ratio (range)',
        'at least',
        'GFLOP/s',
        'of ceiling',
      ],
      ...rows.map((row) => [
        row.network,
        row.mode === 'train' ? 'training step' : 'evaluation',
        `${row.threads}`,
        fixed(row.ourMilliseconds),
        fixed(row.peerMilliseconds),
        row.peerLayout ?? '',
        row.ratio === null ? '' : `${fixed(row.ratio)} (${fixed(row.ratioMin)}-${fixed(row.ratioMax)})`,
        fixed(row.goal, 1),
        fixed(row.gflops, 0),
        `${fixed(100 * row.shareOfCeiling, 0)} %`,
      ]),
    ],
    { align: ['l', 'l', 'r', 'r', 'r', 'l', 'r', 'r', 'r', 'r'] },
  );
}

export function jobTable(rows: readonly JobRow[]): string {
  return markdownTable(
    [
      ['LeNet-300-100, 10 epochs of MNIST', 'threads', 'wall time, s', 'resident memory, MiB', 'test accuracy, %'],
      ...rows.map((row) => [
        row.side,
        `${row.threads}`,
        fixed(row.wallSeconds, 1),
        fixed(row.residentMiB, 0),
        fixed(row.accuracy),
      ]),
    ],
    { align: ['l', 'r', 'r', 'r', 'r'] },
  );
}
