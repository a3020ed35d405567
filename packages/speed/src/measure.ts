import type { BackendName } from '@prunebench/backend-select';
import { max, median, min } from 'd3-array';
import type { Layout, Mode, Side } from './side.ts';
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
  /** Of the best matrix product that either side reached with as many threads. */
  readonly shareOfCeiling: number;
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
  /** GFLOP/s of the machine's matrix product. */
  readonly ceiling: number;
}

/** Times a workload on both sides in alternating slices. The first slice of each warms up and sets the number of steps. */
export async function measureWorkload(
  workload: Workload,
  mode: Mode,
  { ours, peer, layouts = ['channels_last', 'nchw'], threads, rounds, ceiling }: Setting,
): Promise<SpeedRow> {
  const contestants = [
    { layout: 'ours', slice: sliceOf(ours, workload, mode, 'nchw') },
    ...(peer ? layouts.map((layout) => ({ layout, slice: sliceOf(peer, workload, mode, layout) })) : []),
  ];
  const steps = new Map<string, number>();
  for (const { layout, slice } of contestants) {
    const warmUp = await slice(3);
    steps.set(layout, Math.max(2, Math.min(500, Math.round(SLICE_SECONDS / warmUp))));
  }
  const times = new Map(contestants.map(({ layout }) => [layout, [] as number[]]));
  for (let round = 0; round < rounds; round++)
    for (const { layout, slice } of contestants) times.get(layout)!.push(await slice(steps.get(layout)!));

  const our = times.get('ours')!;
  const best = peer ? layouts.reduce((a, b) => (median(times.get(a)!)! <= median(times.get(b)!)! ? a : b)) : null;
  const ratios = best ? times.get(best)!.map((seconds, round) => seconds / our[round]) : null;
  const gflops = flopsPerStep(workload, mode) / median(our)! / 1e9;
  return {
    network: workload.network,
    mode,
    threads,
    batchSize: BATCH_SIZE,
    ourMilliseconds: 1e3 * median(our)!,
    peerMilliseconds: best ? 1e3 * median(times.get(best)!)! : null,
    peerLayout: best,
    ratio: ratios ? median(ratios)! : null,
    ratioMin: ratios ? min(ratios)! : null,
    ratioMax: ratios ? max(ratios)! : null,
    goal: mode === 'train' ? workload.goal : null,
    gflops,
    shareOfCeiling: gflops / ceiling,
  };
}

/**
 * Runs some steps and gives the median seconds of one. The first step does not count: it meets the caches as the other side
 * left them, and that side's threads, which wait for more work on the processor (OpenMP's do).
 */
function sliceOf(side: Side, { network }: Workload, mode: Mode, layout: Layout) {
  return async (steps: number) => {
    const { seconds } = await side.ask({ job: 'steps', network, mode, layout, steps: steps + 1 });
    return median(seconds.slice(1))!;
  };
}
