import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { registerNativeBackend } from '@prunebench/backend-native';
import { buildModel } from '@prunebench/models';
import * as tf from '@tensorflow/tfjs-core';
import { markdownTable } from 'markdown-table';
import writeFileAtomic from 'write-file-atomic';
import { csvOf } from './csv.ts';
import { describeHost } from './host.ts';
import { type Crossover, crossovers, layerNetworks, layerSparsities } from './sparse-layers.ts';
import { measureNetwork, type NetworkCase } from './sparse-networks.ts';
import { SparsePeer } from './sparse-peer.ts';
import { sparsePlot } from './sparse-plot.ts';
import { measureProduct, productSizes } from './sparse-products.ts';
import type { SparseRow } from './sparse-rows.ts';
import { inputShapes, workloads } from './workloads.ts';

export interface SparseSpeedOptions {
  readonly threads: readonly number[];
  readonly rounds: number;
  /** Names of networks to measure, and nothing else; everything when absent. */
  readonly networks?: readonly string[];
  /** speed-sparse.csv, speed-sparse-crossover.csv and speed-sparse.svg go here; nothing is written for a selection of networks. */
  readonly resultsDir: string;
  readonly log: (line: string) => void;
}

export interface SparseSpeedResult {
  readonly rows: readonly SparseRow[];
  readonly crossovers: readonly Crossover[];
  /** Markdown, ready to print. */
  readonly table: string;
  readonly files: readonly string[];
}

const sparsities = [0.5, 0.8, 0.9, 0.95, 0.98] as const;
const batchSizes = [1, 128] as const;

/** Measures sparse kernels and compiled networks against our dense kernels, PyTorch and SciPy, in turns. */
export async function runSparseSpeed(options: SparseSpeedOptions): Promise<SparseSpeedResult> {
  const { threads, rounds, networks, log, resultsDir } = options;
  await registerNativeBackend({ threads: Math.max(...threads) });
  await tf.setBackend('native');
  const rows: SparseRow[] = [];
  let peerVersion = 'none';
  const add = (row: SparseRow) => {
    rows.push(row);
    log(describeRow(row));
  };
  for (const count of threads) {
    const peer = await SparsePeer.start(count, log);
    peerVersion = peer?.version ?? peerVersion;
    const context = { peer, threads: count, rounds };
    try {
      if (!networks) {
        for (const size of productSizes)
          for (const sparsity of sparsities) add(await measureProduct(size, sparsity, context));
        for (const network of layerNetworks)
          for (const sparsity of layerSparsities)
            add(
              await measureNetwork(
                { what: 'layer', name: network.name, network, format: 'csr' },
                { sparsity, batchSize: 128 },
                context,
              ),
            );
      }
      for (const one of networkCases(networks))
        for (const batchSize of batchSizes)
          for (const sparsity of sparsities) add(await measureNetwork(one, { sparsity, batchSize }, context));
    } finally {
      peer?.stop();
    }
  }
  const found = crossovers(rows);
  const files = networks ? [] : await writeFiles(resultsDir, rows, found, peerVersion);
  return { rows, crossovers: found, table: `${rowTable(rows)}\n\n${crossoverTable(found)}`, files };
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
  peer: string,
): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const provenance = { ...describeHost(), peer };
  const contents = [
    ['speed-sparse.csv', csvOf(rows, provenance)],
    ['speed-sparse-crossover.csv', csvOf(found, provenance)],
    ['speed-sparse.svg', await sparsePlot(rows)],
  ] as const;
  return Promise.all(
    contents.map(async ([name, text]) => {
      const file = join(folder, name);
      await writeFileAtomic(file, text);
      return file;
    }),
  );
}

const fixed = (value: number | null, digits = 2) => (value === null ? '' : value.toFixed(digits));

function describeRow({
  what,
  name,
  batchSize,
  threads,
  sparsity,
  ourMilliseconds,
  overDense,
  overTorch,
  overTorchSparse,
  overScipy,
}: SparseRow): string {
  const others = [
    ['PyTorch', overTorch],
    ['torch.sparse', overTorchSparse],
    ['SciPy', overScipy],
  ].flatMap(([label, ratio]) => (ratio === null ? [] : [`, ${label} ${fixed(ratio as number)} x`]));
  const at = `${what} ${name}, batch ${batchSize}, ${threads} thread(s), sparsity ${sparsity}`;
  return `${at}: ${ourMilliseconds.toFixed(3)} ms; dense ${fixed(overDense)} x${others.join('')}`;
}

/** Ratios as a Markdown table; above 1 the sparse network is faster. */
function rowTable(rows: readonly SparseRow[]): string {
  return markdownTable(
    [
      [
        'what',
        'name',
        'batch',
        'threads',
        'sparsity, %',
        'ours, ms',
        'theoretical',
        'over our dense (range)',
        'over PyTorch dense',
        'over torch.sparse',
        'over SciPy',
      ],
      ...rows.map((row) => [
        row.what,
        row.name,
        `${row.batchSize}`,
        `${row.threads}`,
        fixed(100 * row.sparsity, 0),
        fixed(row.ourMilliseconds, 3),
        fixed(row.theoretical, 1),
        row.overDense === null ? '' : `${fixed(row.overDense)} (${fixed(row.overDenseMin)}-${fixed(row.overDenseMax)})`,
        fixed(row.overTorch),
        fixed(row.overTorchSparse),
        fixed(row.overScipy),
      ]),
    ],
    { align: ['l', 'l', ...Array<string>(9).fill('r')] },
  );
}

function crossoverTable(found: readonly Crossover[]): string {
  return markdownTable(
    [
      ['layer', 'batch', 'threads', 'compressed rows are faster from a sparsity of'],
      ...found.map(({ layer, batchSize, threads, sparsity }) => [
        layer,
        `${batchSize}`,
        `${threads}`,
        sparsity === null ? 'not up to 98 %' : `${fixed(100 * sparsity, 0)} %`,
      ]),
    ],
    { align: ['l', 'r', 'r', 'r'] },
  );
}
