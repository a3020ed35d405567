import { join, resolve } from 'node:path';
import { registerNativeBackend } from '@prunebench/backend-native';
import { makeFolder, writeWhole } from '@prunebench/files';
import { buildModel } from '@prunebench/models';
import * as tf from '@tensorflow/tfjs-core';
import { csvOf } from './csv.ts';
import { measureGpuModes } from './gpu-speed.ts';
import { describeHost, graphicsAdapter } from './host.ts';
import type { GpuModeRow } from './sparse-gpu-modes.ts';
import { type Crossover, crossovers, layerNetworks, layerSparsities } from './sparse-layers.ts';
import { measureNetwork, type NetworkCase } from './sparse-networks.ts';
import { SparsePeer } from './sparse-peer.ts';
import { sparsePlot } from './sparse-plot.ts';
import { measureProduct, productSizes } from './sparse-products.ts';
import type { SparseRow } from './sparse-rows.ts';
import { crossoverTable, describeRow, gpuTable, MASKS, rowTable } from './sparse-tables.ts';
import { measureTraining, trainingSparsities, trainingWorkloads } from './sparse-training.ts';
import { inputShapes, workloads } from './workloads.ts';

export interface SparseSpeedOptions {
  readonly threads: readonly number[];
  readonly rounds: number;
  /** Names of networks to measure, and nothing else; everything when absent. */
  readonly networks?: readonly string[];
  /** speed-sparse.csv, speed-sparse-crossover.csv, speed-sparse-gpu.csv and speed-sparse.svg go here; nothing is written for a selection of networks. */
  readonly resultsDir: string;
  readonly log: (line: string) => void;
}

export interface SparseSpeedResult {
  readonly rows: readonly SparseRow[];
  readonly crossovers: readonly Crossover[];
  /** GPU.js, mode by mode; empty for a selection of networks. */
  readonly gpuRows: readonly GpuModeRow[];
  /** Markdown, ready to print. */
  readonly table: string;
  readonly files: readonly string[];
}

const sparsities = [0.5, 0.8, 0.9, 0.95, 0.98] as const;
const batchSizes = [1, 128] as const;

/** Measures sparse kernels, compiled networks and sparse training steps, against our dense kernels, PyTorch and SciPy, in turns. */
export async function runSparseSpeed(options: SparseSpeedOptions): Promise<SparseSpeedResult> {
  const { threads, rounds, networks, log, resultsDir } = options;
  await registerNativeBackend({ threads: Math.max(...threads) });
  await tf.setBackend('native');
  const rows: SparseRow[] = [];
  let peerVersion: string | undefined;
  for (const count of threads) {
    const peer = await SparsePeer.start(count, peerVersion === undefined ? log : () => {});
    if (peer && peerVersion === undefined) log(`Beside ${peer.version}`);
    peerVersion = peer?.version ?? peerVersion ?? 'none';
    const measurements = measurementsOf(networks, { peer, threads: count, rounds }, Math.max(...threads));
    try {
      for (const [done, measure] of measurements.entries()) {
        rows.push(await measure());
        log(`${count} thread(s), ${done + 1} of ${measurements.length}: ${describeRow(rows.at(-1)!)}`);
      }
    } finally {
      peer?.stop();
    }
  }
  const gpuRows = networks ? [] : await measureGpuModes(options);
  const found = crossovers(rows);
  const files = networks ? [] : await writeFiles(resultsDir, rows, found, gpuRows, peerVersion ?? 'none');
  const tables = [rowTable(rows), ...(networks ? [] : [crossoverTable(found), gpuTable(gpuRows)])];
  return { rows, crossovers: found, gpuRows, table: tables.join('\n\n'), files };
}

interface Context {
  readonly peer: SparsePeer | undefined;
  readonly threads: number;
  readonly rounds: number;
}

/** What is measured with one number of threads, row by row. Single layers take the most of all rows, so they run once. */
function measurementsOf(
  networks: readonly string[] | undefined,
  context: Context,
  mostThreads: number,
): readonly (() => Promise<SparseRow>)[] {
  const products = productSizes.flatMap((size) =>
    sparsities.map((sparsity) => () => measureProduct(size, sparsity, context)),
  );
  const layers = layerNetworks.flatMap((network) => {
    const one: NetworkCase = { what: 'layer', name: network.name, network, format: 'csr' };
    return layerSparsities.map((sparsity) => () => measureNetwork(one, { sparsity, batchSize: 128 }, context));
  });
  const inference = networkCases(networks).flatMap((one) =>
    batchSizes.flatMap((batchSize) =>
      sparsities.map((sparsity) => () => measureNetwork(one, { sparsity, batchSize }, context)),
    ),
  );
  const training = trainingWorkloads
    .filter(({ network }) => !networks || networks.includes(network))
    .flatMap((one) => trainingSparsities.map((sparsity) => () => measureTraining(one, sparsity, context)));
  if (networks) return [...inference, ...training];
  return [...products, ...(context.threads === mostThreads ? layers : []), ...inference, ...training];
}

function networkCases(networks: readonly string[] | undefined): readonly NetworkCase[] {
  return workloads
    .filter(({ network }) => !networks || networks.includes(network))
    .map(({ network: name, dataset }) => ({
      what: 'inference',
      name,
      network: buildModel(name, { inputShape: inputShapes[dataset], classes: 10 }),
      peerName: name,
    }));
}

async function writeFiles(
  folder: string,
  rows: readonly SparseRow[],
  found: readonly Crossover[],
  gpuRows: readonly GpuModeRow[],
  peer: string,
): Promise<string[]> {
  await makeFolder(resolve(folder));
  const provenance = { masks: MASKS, ...describeHost(), peer };
  const contents = [
    ['speed-sparse.csv', csvOf(rows, provenance)],
    ['speed-sparse-crossover.csv', csvOf(found, provenance)],
    ['speed-sparse-gpu.csv', csvOf(gpuRows, { ...provenance, adapter: await graphicsAdapter() })],
    ['speed-sparse.svg', await sparsePlot(rows)],
  ] as const;
  return Promise.all(
    contents.map(async ([name, text]) => {
      const file = join(folder, name);
      await writeWhole(file, text);
      return file;
    }),
  );
}
