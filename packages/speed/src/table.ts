import { markdownTable } from 'markdown-table';
import { fixed, withRange } from './format.ts';
import type { BackendRow, SpeedRow } from './measure.ts';
import type { JobRow } from './mnist-job.ts';

const work = { train: 'training step', eval: 'evaluation' } as const;

/** Ratios as a Markdown table, above 1 we are faster; where PyTorch was missing our times alone, which the line below says. */
export function speedTable(rows: readonly SpeedRow[]): string {
  const alone = rows.length > 0 && rows.every(({ ratio }) => ratio === null);
  const columns = alone ? COLUMNS.filter(({ ofPeer }) => !ofPeer) : COLUMNS;
  const table = markdownTable(
    [columns.map(({ head }) => head), ...rows.map((row) => columns.map(({ value }) => value(row)))],
    { align: columns.map(({ left }) => (left ? 'l' : 'r')) },
  );
  return alone ? `${table}\n\n${ALONE}` : table;
}

/** What a table says that has nothing to compare with. */
const ALONE =
  'PyTorch was not there: these are our times alone, which say nothing about how fast they could be. Nothing is written to the results folder.';

interface Column {
  readonly head: string;
  readonly left?: true;
  /** Means nothing without PyTorch's measurement. */
  readonly ofPeer?: true;
  value(row: SpeedRow): string;
}

const COLUMNS: readonly Column[] = [
  { head: 'network', left: true, value: ({ network }) => network },
  { head: 'batch of 128', left: true, value: ({ mode }) => work[mode] },
  { head: 'threads', value: ({ threads }) => `${threads}` },
  { head: 'ours, ms', value: ({ ourMilliseconds }) => fixed(ourMilliseconds) },
  { head: 'PyTorch, ms', ofPeer: true, value: ({ peerMilliseconds }) => fixed(peerMilliseconds) },
  { head: 'its layout', left: true, ofPeer: true, value: ({ peerLayout }) => peerLayout ?? '' },
  {
    head: 'ratio (range)',
    ofPeer: true,
    value: ({ ratio, ratioMin, ratioMax }) => withRange(ratio, ratioMin, ratioMax),
  },
  { head: 'at least', ofPeer: true, value: ({ goal }) => fixed(goal, 1) },
  { head: 'GFLOP/s', value: ({ gflops }) => fixed(gflops, 0) },
  {
    head: 'of ceiling',
    ofPeer: true,
    value: ({ shareOfCeiling }) => (shareOfCeiling === null ? '' : `${fixed(100 * shareOfCeiling, 0)} %`),
  },
];

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
