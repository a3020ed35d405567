import { defineMethod, shareAt } from '@prunebench/core';
import { z } from 'zod';
import { pruneWhileAccurateOptions } from '../steps/prune-while-accurate.ts';

const { criterion, criterionOptions, weightsPerRound, tolerance, biases } = pruneWhileAccurateOptions.shape;
const options = z.strictObject({ criterion, criterionOptions, weightsPerRound, tolerance, biases });

/** Trains, then removes as many weights as the training accuracy permits; the trial's sparsity is the most that may go. */
export const pruneWhileAccurate = defineMethod({
  id: 'prune-while-accurate',
  title: 'Remove weights for as long as the training accuracy can be kept',
  citation: 'hassibi1993obs',
  taxonomy: 'second-order',
  options,
  criterion: (chosen) => chosen.criterion,
  steps: ({ pretrain, retrain, at, options: chosen }) => [
    ...(pretrain ? [{ kind: 'train', options: pretrain }] : []),
    { kind: 'prune-while-accurate', options: { ...chosen, limit: shareAt(at), retrain } },
  ],
});
