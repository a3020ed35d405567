import { z } from 'zod';

// What the forms of optimal brain surgeon have in common: the whole one, and the block-wise and eigenspace ones of the 1994 paper.

/** Which gradients the Gauss-Newton matrix is made of. */
export const outputs = z
  .enum(['all', 'sampled'])
  .describe('all: one gradient per example and output unit, exact; sampled: one per example, unbiased');

export const relativeDamping = z
  .number()
  .positive()
  .default(1e-3)
  .describe('α as a share of the mean diagonal of H over the network');
