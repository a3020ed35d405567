import { join, resolve } from 'node:path';
import { setThreads } from '@prunebench/backend-native';
import { selectBackend } from '@prunebench/backend-select';
import { makeFolder, writeWhole } from '@prunebench/files';
import { csvOf } from '../csv.ts';
import { fixed } from '../format.ts';
import { describeHost } from '../host.ts';
import { matrixProduct } from '../matrix-product.ts';
import { assertFairPeer, findPeer, PEER_REMEDY } from '../peer.ts';
import type { SpeedOptions, SpeedResult } from '../speed-options.ts';
import { measureMasked, rigl, set } from './measure-masked.ts';
import { measureVariational } from './measure-variational.ts';
import { type TrainingRow, trainingTable } from './training-rows.ts';
import { type Trial, trainingsProgram } from './trial.ts';

const measurements: readonly ((trial: Trial) => Promise<TrainingRow>)[] = [
  (trial) => measureMasked(set, 60, trial),
  (trial) => measureMasked(set, 128, trial),
  (trial) => measureMasked(rigl, 128, trial),
  (trial) => measureVariational(128, trial),
];

/** Measures trainings of the methods: SET, RigL's events and sparse variational dropout, in turns with our dense training and with PyTorch. */
export async function runTrainingSpeed(options: SpeedOptions): Promise<SpeedResult<TrainingRow>> {
  const { threads, rounds, log, resultsDir } = options;
  await selectBackend('native');
  const rows: TrainingRow[] = [];
  let version = 'none';
  for (const count of threads) {
    setThreads(count);
    const found = await findPeer(trainingsProgram, count, log);
    if ('missing' in found) log(`PyTorch is missing (${found.missing}); measuring ours alone. ${PEER_REMEDY}`);
    const peer = 'start' in found ? await found.start() : undefined;
    if (peer) version = `PyTorch ${peer.version}`;
    try {
      if (peer) {
        const square = { size: 1024, repeats: 20 };
        assertFairPeer((await matrixProduct(square)).gflops, (await peer.ask({ job: 'gemm', ...square })).gflops);
      }
      for (const measure of measurements) {
        const row = await measure({ peer, threads: count, rounds });
        rows.push(row);
        log(describe(row));
      }
    } finally {
      peer?.stop();
    }
  }
  await makeFolder(resolve(resultsDir));
  const file = join(resultsDir, 'speed-trainings.csv');
  await writeWhole(file, csvOf(rows, { ...describeHost(), peer: version }));
  return { rows, jobs: [], table: trainingTable(rows), files: [file] };
}

function describe({ method, batchSize, threads, milliseconds, overDense, overPeer }: TrainingRow): string {
  const others = [
    ['our dense', overDense],
    ['PyTorch', overPeer],
  ] as const;
  const ratios = others.flatMap(([name, ratio]) => (ratio === null ? [] : [`, ${name} ${fixed(ratio)} x`])).join('');
  return `${method}, batch ${batchSize}, ${threads} thread(s): ${milliseconds.toFixed(3)} ms${ratios}`;
}
