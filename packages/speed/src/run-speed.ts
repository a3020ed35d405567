import { join } from 'node:path';
import { writeWhole } from '@prunebench/files';
import { csvOf } from './csv.ts';
import { describeHost } from './host.ts';
import { measureWorkload, type SpeedRow } from './measure.ts';
import { type JobRow, measureMnistJob } from './mnist-job.ts';
import { mnistRequest } from './mnist-request.ts';
import { assertFairPeer, findPeer, PEER_REMEDY, peerProgram } from './peer.ts';
import type { Side } from './side.ts';
import type { SpeedOptions, SpeedResult } from './speed-options.ts';
import { startOurs } from './start-ours.ts';
import { jobTable, speedTable } from './table.ts';
import { workloads } from './workloads.ts';

/** Measures training steps, evaluations and the whole MNIST job, ours and PyTorch's in turns. */
export async function runSpeed(options: SpeedOptions): Promise<SpeedResult> {
  const rows: SpeedRow[] = [];
  const jobs: JobRow[] = [];
  let peerVersion = 'none';
  for (const threads of options.threads) {
    const ours = await startOurs(threads);
    const found = await findPeer(peerProgram, threads, options.log);
    if ('missing' in found) options.log(`PyTorch is missing (${found.missing}); measuring ours alone. ${PEER_REMEDY}`);
    const peer = 'start' in found ? await found.start() : null;
    if (peer) peerVersion = peer.version;
    try {
      const ceiling = await measureCeiling(ours, peer);
      if (ceiling !== null)
        options.log(`${threads} thread(s): the matrix product reaches ${ceiling.toFixed(0)} GFLOP/s`);
      for (const workload of workloads) {
        if (options.networks && !options.networks.includes(workload.network)) continue;
        for (const mode of ['train', 'eval'] as const) {
          const row = await measureWorkload(workload, mode, { ours, peer, threads, rounds: options.rounds, ceiling });
          const compared =
            row.ratio === null ? '' : `, PyTorch ${row.peerMilliseconds!.toFixed(2)} ms: ${row.ratio.toFixed(2)} x`;
          options.log(`${row.network} ${mode}, ${threads} thread(s): ${row.ourMilliseconds.toFixed(2)} ms${compared}`);
          rows.push(row);
        }
      }
    } finally {
      ours.stop();
      peer?.stop();
    }
    if (options.networks) continue;
    const starters = [() => startOurs(threads), ...('start' in found ? [found.start] : [])];
    jobs.push(...(await measureMnistJob(starters, await mnistRequest(), threads, 3)));
  }
  // A file of ratios without ratios would stand in the place of one that has them.
  const alone = rows.every(({ ratio }) => ratio === null);
  const files = options.networks || alone ? [] : await writeTables(options.resultsDir, rows, jobs, peerVersion);
  return {
    rows,
    jobs,
    table: jobs.length === 0 ? speedTable(rows) : `${speedTable(rows)}\n\n${jobTable(jobs)}`,
    files,
  };
}

/** The best square matrix product of either side: what "fraction of the ceiling" refers to. One side alone may be far below it. */
async function measureCeiling(ours: Side, peer: Side | null): Promise<number | null> {
  if (!peer) return null;
  const request = { job: 'gemm', size: 1024, repeats: 20 } as const;
  const mine = (await ours.ask(request)).gflops;
  const theirs = (await peer.ask(request)).gflops;
  assertFairPeer(mine, theirs);
  return Math.max(mine, theirs);
}

async function writeTables(directory: string, rows: readonly SpeedRow[], jobs: readonly JobRow[], peerVersion: string) {
  const provenance = { ...describeHost(), peer: `PyTorch ${peerVersion}` };
  const tables = [
    ['speed.csv', rows],
    ['speed-job.csv', jobs],
  ] as const;
  return Promise.all(
    tables.map(async ([name, table]) => {
      const file = join(directory, name);
      await writeWhole(file, csvOf(table, provenance));
      return file;
    }),
  );
}
