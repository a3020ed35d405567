import { setThreads } from '@prunebench/backend-native';
import { selectBackend } from '@prunebench/backend-select';
import { costOf, type Masks, randomStream, trainOptions } from '@prunebench/core';
import { initializeParameters } from '@prunebench/network';
import { TrainingRun } from '@prunebench/training';
import { uniformMasks } from './sparse-networks.ts';
import type { SparsePeer } from './sparse-peer.ts';
import { ratioColumns, type SparseRow } from './sparse-rows.ts';
import { ENDLESS, madeUpBatch, timedStep } from './timed-step.ts';
import { faster, milliseconds, ours, ratioOf, takeTurns, theirs } from './turns.ts';
import { BATCH_SIZE, buildWorkload, type Workload, workloads } from './workloads.ts';

/** Sparsities whose training steps are measured, and the networks. */
export const trainingSparsities = [0.8, 0.9, 0.95, 0.98] as const;
export const trainingWorkloads: readonly Workload[] = workloads.filter(({ network }) =>
  ['lenet-300-100', 'resnet-20'].includes(network),
);

/**
 * Whole training steps (forward, backward, momentum update, loss read) as the trainer runs them, with the kept weights alone,
 * against the dense, masked step of the same network and PyTorch's dense one. Selects the native backend.
 */
export async function measureTraining(
  workload: Workload,
  sparsity: number,
  { peer, threads, rounds }: { peer: SparsePeer | undefined; threads: number; rounds: number },
): Promise<SparseRow> {
  await selectBackend('native');
  setThreads(threads);
  const network = buildWorkload(workload);
  const masks = uniformMasks(network, sparsity);
  const batch = madeUpBatch(network, BATCH_SIZE, randomStream(0, 'training'));
  const sparse = startRun(workload, masks, 'auto');
  const dense = startRun(workload, masks, 'never');
  const request = { job: 'train', network: workload.network, batchSize: BATCH_SIZE } as const;
  try {
    const slices = await takeTurns(
      {
        ours: ours(() => void timedStep(sparse, batch)),
        dense: ours(() => void timedStep(dense, batch)),
        nchw: theirs(peer, { ...request, layout: 'nchw' }),
        channelsLast: theirs(peer, { ...request, layout: 'channels_last' }),
      },
      rounds,
    );
    const own = slices.ours!;
    const best = faster(slices.nchw, slices.channelsLast);
    return {
      what: 'training',
      name: workload.network,
      batchSize: BATCH_SIZE,
      threads,
      sparsity,
      format: sparse.sparseKernels.length > 0 ? 'kept weights' : 'dense',
      ourMilliseconds: milliseconds(own)!,
      denseMilliseconds: milliseconds(slices.dense),
      torchMilliseconds: milliseconds(best),
      torchSparseMilliseconds: null,
      scipyMilliseconds: null,
      theoretical: costOf(network, masks).theoreticalSpeedup,
      ...ratioColumns(ratioOf(slices.dense, own), ratioOf(best, own), null, null),
    };
  } finally {
    sparse.dispose();
    dense.dispose();
  }
}

function startRun(workload: Workload, masks: Masks, sparse: 'auto' | 'never'): TrainingRun {
  const network = buildWorkload(workload);
  const random = randomStream(0);
  const options = trainOptions.parse({ epochs: 1, learningRate: 0.01, batchSize: BATCH_SIZE, sparse });
  const state = { parameters: initializeParameters(network, random.fork('init')), masks };
  return new TrainingRun(network, state, options, { extensions: [], random, ...ENDLESS });
}
