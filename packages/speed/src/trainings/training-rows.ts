import { markdownTable } from 'markdown-table';
import { fixed, isWide, withheldNote, withRange } from '../format.ts';

/** One line of results/speed-trainings.csv. Times are medians over rounds; what was not measured is null. */
export interface TrainingRow {
  readonly method: string;
  readonly network: string;
  readonly batchSize: number;
  readonly threads: number;
  readonly sparsity: number | null;
  /** Updates from one event to the next; null without events. */
  readonly updatesPerEvent: number | null;
  /** Of an update, with its share of the events. */
  readonly milliseconds: number;
  /** Of an update that has no event beside it. */
  readonly updateMilliseconds: number;
  /** What an event adds to the updates around it. */
  readonly eventMilliseconds: number | null;
  readonly eventMillisecondsMin: number | null;
  readonly eventMillisecondsMax: number | null;
  /** Of an update of our plain dense training: no masks, no events. */
  readonly denseMilliseconds: number | null;
  readonly overDense: number | null;
  readonly overDenseMin: number | null;
  readonly overDenseMax: number | null;
  /** Of an update in PyTorch, with its share of the events. */
  readonly peerMilliseconds: number | null;
  readonly peerEventMilliseconds: number | null;
  /** Which of the plain forms was fastest there. */
  readonly peerForm: string | null;
  readonly overPeer: number | null;
  readonly overPeerMin: number | null;
  readonly overPeerMax: number | null;
}

/** What we aim at: at least these ratios, at most these milliseconds. */
const aims: Readonly<Record<string, { readonly dense?: number; readonly peer?: number; readonly event?: number }>> = {
  set: { dense: 2.5, peer: 4, event: 30 },
  'sparse-variational-dropout': { peer: 2 },
  rigl: { event: 30 },
};

export function trainingTable(rows: readonly TrainingRow[]): string {
  const withAim = (text: string, aim: number | undefined) => (text && aim ? `${text}, aim ${aim}` : text);
  const lines = rows.map((row) => {
    const { dense, peer, event } = aims[row.method] ?? {};
    return [
      row.method,
      `${row.batchSize}`,
      `${row.threads}`,
      fixed(row.milliseconds, 3),
      withAim(withRange(row.eventMilliseconds, row.eventMillisecondsMin, row.eventMillisecondsMax, 1), event),
      fixed(row.denseMilliseconds, 3),
      withAim(withRange(row.overDense, row.overDenseMin, row.overDenseMax), dense),
      fixed(row.peerMilliseconds, 3),
      row.peerForm ?? '',
      withAim(withRange(row.overPeer, row.overPeerMin, row.overPeerMax), peer),
    ];
  });
  const headings = ['method', 'batch', 'threads', 'ours, ms', 'event, ms', 'dense, ms', 'over our dense'];
  const ratios = rows.flatMap((row) => [
    [row.overDenseMin, row.overDenseMax],
    [row.overPeerMin, row.overPeerMax],
    [row.eventMillisecondsMin, row.eventMillisecondsMax],
  ]);
  const measured = ratios.filter(([min]) => min !== null);
  const note = withheldNote(measured.filter(([min, max]) => isWide(min, max)).length, measured.length);
  const table = markdownTable([[...headings, 'PyTorch, ms', 'its form', 'over PyTorch'], ...lines]);
  return [table, ...note].join('\n\n');
}
