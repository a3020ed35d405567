import { applyMasks, defineStepKind } from '@prunebench/core';
import { z } from 'zod';

const options = z.strictObject({
  to: z.int().min(-1).describe('index of the step whose parameters come back; -1: the initial parameters'),
});

/**
 * Parameters (batch-norm statistics too) as they were after an earlier step, under the masks of now (Frankle et al. 2020). Where that
 * step cut a training, what the optimizer and the extensions remembered comes back too, so that the training can go on from there.
 */
export const rewindStep = defineStepKind({
  kind: 'rewind',
  options,
  prunes: false,
  trains: false,
  async run(session, { masks }, { to }) {
    const earlier = to === -1 ? { parameters: session.initialParameters() } : await session.stateAfter(to);
    return { state: { ...earlier, parameters: applyMasks(earlier.parameters, masks), masks }, metrics: {} };
  },
});
