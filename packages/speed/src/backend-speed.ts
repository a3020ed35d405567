import { join } from 'node:path';
import { selectBackend } from '@prunebench/backend-select';
import { PrunebenchError } from '@prunebench/core';
import { writeWhole } from '@prunebench/files';
import { csvOf } from './csv.ts';
import { describeHost, graphicsAdapter } from './host.ts';
import { type BackendRow, measureWorkload } from './measure.ts';
import { findCudaPeer } from './peer.ts';
import type { Layout, Side } from './side.ts';
import type { SpeedOptions, SpeedResult } from './speed-options.ts';
import { startOurs } from './start-ours.ts';
import { backendTable } from './table.ts';
import { workloads } from './workloads.ts';

interface Peer {
  readonly name: string;
  readonly side: Side;
  readonly threads: number;
  readonly layouts: readonly Layout[];
}

/**
 * Measures training steps and evaluations on one of the backends, in turns with the native backend, with each number of threads,
 * and with PyTorch on CUDA where it has that.
 *
 * @throws PrunebenchError when the backend does not run here, or when it is the native one, or may be
 */
export async function runBackendSpeed(name: string, options: SpeedOptions): Promise<SpeedResult<BackendRow>> {
  const { rounds, log, networks = workloads.map(({ network }) => network) } = options;
  if (name === 'native' || name === 'auto')
    throw new PrunebenchError(
      `speed --backend ${name} would time the native backend against itself: it is what the others are measured against.`,
      {
        remedy:
          'Plain `./prunebench speed` measures it against PyTorch; here, name another one (see ./prunebench list backends).',
      },
    );
  // In this process too, so that a backend that cannot run here says so as everywhere else.
  const { name: backend, line } = await selectBackend(name);
  log(line);
  const rows: BackendRow[] = [];
  const ours = await startOurs(1, backend);
  try {
    for await (const peer of peersInTurn(options))
      for (const workload of workloads.filter(({ network }) => networks.includes(network)))
        for (const mode of ['train', 'eval'] as const) {
          const setting = {
            ours,
            peer: peer.side,
            layouts: peer.layouts,
            threads: peer.threads,
            rounds,
            ceiling: null,
          };
          const { goal: _, shareOfCeiling: __, ...row } = await measureWorkload(workload, mode, setting);
          rows.push({ backend, peer: peer.name, ...row });
          log(describe(rows.at(-1)!));
        }
  } finally {
    ours.stop();
  }
  const files: string[] = [];
  if (!options.networks) {
    files.push(join(options.resultsDir, `speed-${backend}.csv`));
    await writeWhole(files[0], csvOf(rows, { ...describeHost(), adapter: await graphicsAdapter() }));
  }
  return { rows, jobs: [], table: backendTable(rows), files };
}

/** Each peer for as long as it is measured; then it is stopped. */
async function* peersInTurn({ threads, log }: SpeedOptions): AsyncGenerator<Peer> {
  for (const count of threads) {
    const side = await startOurs(count, 'native');
    yield* whileOpen({ name: `native, ${count} thread(s)`, side, threads: count, layouts: ['nchw'] });
  }
  const cuda = await findCudaPeer();
  if ('missing' in cuda) return log(`PyTorch on CUDA is not measured: ${cuda.missing}.`);
  const side = await cuda.start();
  yield* whileOpen({ name: `PyTorch ${side.version}`, side, threads: 1, layouts: ['channels_last', 'nchw'] });
}

function* whileOpen(peer: Peer): Generator<Peer> {
  try {
    yield peer;
  } finally {
    peer.side.stop();
  }
}

function describe({ network, mode, backend, peer, ourMilliseconds, peerMilliseconds, ratio }: BackendRow): string {
  return `${network} ${mode}: ${backend} ${ourMilliseconds.toFixed(2)} ms, ${peer} ${peerMilliseconds!.toFixed(2)} ms: ${ratio!.toFixed(2)} x`;
}
