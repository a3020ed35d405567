import { defineStepKind } from '@prunebench/core';
import { z } from 'zod';
import { estimateBatchNorm } from '../estimate-batch-norm.ts';
import { shuffledBatches } from '../scoring/shuffled-batches.ts';

const options = z.strictObject({
  split: z.enum(['calibration', 'train']).default('train').describe('the images that it is estimated from'),
  batches: z.int().min(1).default(50).describe('how many of them'),
  batchSize: z.int().min(1).default(128).describe('examples of each'),
});

/** Batch-norm statistics of the network as it is now, from images alone; weights stay. */
export const estimateBatchNormStep = defineStepKind({
  kind: 'estimate-batch-norm',
  options,
  prunes: false,
  trains: false,
  completesPruning: true,
  async run(session, state, { split, batches, batchSize }) {
    const { dataset, network, random, signal } = session;
    const chosen = shuffledBatches(dataset, network, split, random.fork('estimate-batch-norm'), {
      batchSize,
      count: batches,
    });
    return { state: await estimateBatchNorm(network, state, chosen, { signal }), metrics: {} };
  },
});
