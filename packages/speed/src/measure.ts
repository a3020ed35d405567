import type { BackendName } from '@prunebench/backend-select';
import { median } from 'd3-array';
import type { Layout, Mode, Side } from './side.ts';
import { type Contestant, fastest, milliseconds, ratioOf, takeTurns } from './turns.ts';
import { BATCH_SIZE, flopsPerStep, type Workload } from './workloads.ts';

/** One line of the table: a training step or an evaluation of a batch, ours and the peer's. */
export interface SpeedRow {
  readonly network: string;
  readonly mode: Mode;
  readonly threads: number;
  readonly batchSize: number;
  /** Medians over the rounds, in milliseconds. */
  readonly ourMilliseconds: number;
  readonly peerMilliseconds: number | null;
  /** The fastest of the peer's memory layouts. */
  readonly peerLayout: string | null;
  /** Peer's time / ours: median over rounds, and the range it moved in. */
  readonly ratio: number | null;
  readonly ratioMin: number | null;
  readonly ratioMax: number | null;
  readonly goal: number | null;
  readonly gflops: number;
  /** Of the best matrix product that either side reached with as many threads; null where there was no other side. */
  readonly shareOfCeiling: number | null;
}

/** One line of results/speed-<backend>.csv: a backend's time against one peer's. */
export type BackendRow = Omit<SpeedRow, 'goal' | 'shareOfCeiling'> & {
  readonly backend: BackendName;
  readonly peer: string;
};

/** Time that one side works before it is the other one's turn: long enough to be steady, short enough to share the noise. */
const SLICE_SECONDS = 0.4;

export interface Setting {
  readonly ours: Side;
  /** null where PyTorch is missing: then only ours is measured. */
  readonly peer: Side | null;
  /** The peer's memory layouts to try; PyTorch's by default. */
  readonly layouts?: readonly Layout[];
  readonly threads: number;
  readonly rounds: number;
  /** GFLOP/s of the machine's matrix product; null where only ours could be measured, which is no ceiling. */
  readonly ceiling: number | null;
}

/** Times a workload on both sides in turns. */
export async function measureWorkload(
  workload: Workload,
  mode: Mode,
  { ours, peer, layouts = ['channels_last', 'nchw'], threads, rounds, ceiling }: Setting,
): Promise<SpeedRow> {
  const contestants: Record<string, Contestant> = { ours: stepsOf(ours, workload, mode, 'nchw') };
  if (peer) for (const layout of layouts) contestants[layout] = stepsOf(peer, workload, mode, layout);
  const slices = await takeTurns(contestants, rounds, SLICE_SECONDS);
  const our = slices.ours!;
  const best = peer ? fastest(slices, layouts) : null;
  const ratio = best && ratioOf(slices[best], our);
  const gflops = flopsPerStep(workload, mode) / median(our)! / 1e9;
  return {
    network: workload.network,
    mode,
    threads,
    batchSize: BATCH_SIZE,
    ourMilliseconds: milliseconds(our)!,
    peerMilliseconds: best && milliseconds(slices[best]),
    peerLayout: best,
    ratio: ratio?.median ?? null,
    ratioMin: ratio?.min ?? null,
    ratioMax: ratio?.max ?? null,
    goal: mode === 'train' ? workload.goal : null,
    gflops,
    shareOfCeiling: ceiling && gflops / ceiling,
  };
}

function stepsOf(side: Side, { network }: Workload, mode: Mode, layout: Layout): Contestant {
  return async (steps) => (await side.ask({ job: 'steps', network, mode, layout, steps })).seconds;
}
