import { z } from 'zod';

/**
 * What batch norm divides by while a network is scored: the statistics of the scoring batch, as in training, or the running
 * ones, as in evaluation. Before any training the running ones are mean 0 and variance 1, so that batch norm does nothing. The
 * papers' programs differ in it, and it decides at which compression a layer is emptied.
 */
export type Statistics = 'batch' | 'running';

/** The option, with the default that the criterion's own program has. */
export const statisticsOption = (paper: Statistics) =>
  z
    .enum(['batch', 'running'])
    .default(paper)
    .describe('what batch norm uses while scoring: the statistics of the batch, or the running ones');
