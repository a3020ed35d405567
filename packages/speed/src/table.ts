import { markdownTable } from 'markdown-table';
import { fixed, withRange } from './format.ts';
import type { BackendRow, SpeedRow } from './measure.ts';
import type { JobRow } from './mnist-job.ts';

const work = { train: 'training step', eval: 'evaluation' } as const;

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
        work[row.mode],
        `${row.threads}`,
        fixed(row.ourMilliseconds),
        fixed(row.peerMilliseconds),
        row.peerLayout ?? '',
        withRange(row.ratio, row.ratioMin, row.ratioMax),
        fixed(row.goal, 1),
        fixed(row.gflops, 0),
        `${fixed(100 * row.shareOfCeiling, 0)} %`,
      ]),
    ],
    { align: ['l', 'l', 'r', 'r', 'r', 'l', 'r', 'r', 'r', 'r'] },
  );
}

/** The same for a backend and each of its peers; above 1 the backend is faster. */
export function backendTable(rows: readonly BackendRow[]): string {
  return markdownTable(
    [
      ['network', 'batch of 128', 'backend', 'ms', 'peer', "peer's ms", 'ratio (range)', 'GFLOP/s'],
      ...rows.map((row) => [
        row.network,
        work[row.mode],
        row.backend,
        fixed(row.ourMilliseconds),
        row.peer,
        fixed(row.peerMilliseconds),
        withRange(row.ratio, row.ratioMin, row.ratioMax),
        fixed(row.gflops, 0),
      ]),
    ],
    { align: ['l', 'l', 'l', 'r', 'l', 'r', 'r', 'r'] },
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
