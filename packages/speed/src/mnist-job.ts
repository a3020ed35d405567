import { performance } from 'node:perf_hooks';
import { median } from 'd3-array';
import type { MnistRequest, Side } from './side.ts';

/** The whole job as its user sees it, start of the process included. */
export interface JobRow {
  readonly side: string;
  readonly threads: number;
  readonly wallSeconds: number;
  readonly residentMiB: number;
  readonly accuracy: number;
}

/** Runs the job in fresh processes, the sides taking turns, and gives each side's medians. */
export async function measureMnistJob(
  starters: readonly (() => Promise<Side>)[],
  request: MnistRequest,
  threads: number,
  repeats: number,
): Promise<readonly JobRow[]> {
  const runs = new Map<string, JobRow[]>();
  for (let repeat = 0; repeat < repeats; repeat++)
    for (const start of starters) {
      const begin = performance.now();
      const side = await start();
      const { accuracy, residentMiB } = await side.ask({ ...request, seed: repeat });
      side.stop();
      const row = { side: side.name, threads, wallSeconds: (performance.now() - begin) / 1e3, residentMiB, accuracy };
      runs.set(side.name, [...(runs.get(side.name) ?? []), row]);
    }
  return [...runs.values()].map((rows) => ({
    side: rows[0].side,
    threads,
    wallSeconds: median(rows, (row) => row.wallSeconds)!,
    residentMiB: median(rows, (row) => row.residentMiB)!,
    accuracy: median(rows, (row) => row.accuracy)!,
  }));
}
