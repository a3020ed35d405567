import { type Method, shareAt } from '@prunebench/core';
import { z } from 'zod';
import { pruneWhileAccurateOptions } from '../steps/prune-while-accurate.ts';

const { criterion, criterionOptions, weightsPerRound, tolerance, biases } = pruneWhileAccurateOptions.shape;
const options = z.strictObject({ criterion, criterionOptions, weightsPerRound, tolerance, biases });

/** Trains, then removes as many weights as the training accuracy permits; the trial's sparsity is the most that may go. */
export const pruneWhileAccurate: Method<z.output<typeof options>> = {
  id: 'prune-while-accurate',
  title: 'Remove weights for as long as the training accuracy can be kept',
  citation: {
    authors: 'Hassibi, Stork',
    title: 'Second order derivatives for network pruning: Optimal Brain Surgeon',
    year: 1993,
    venue: 'NIPS 5',
    url: 'https://proceedings.neurips.cc/paper/1992/hash/303ed4c69846ab36c2904d3ba8573050-Abstract.html',
  },
  taxonomy: 'second-order',
  options,
  criterion: (chosen) => chosen.criterion,
  steps: ({ pretrain, retrain, at, options: chosen }) => [
    ...(pretrain ? [{ kind: 'train', options: pretrain }] : []),
    { kind: 'prune-while-accurate', options: { ...chosen, limit: shareAt(at), retrain } },
  ],
};
