import { applyMasks, defineStepKind } from '@prunebench/core';
import { z } from 'zod';

const options = z.strictObject({
  to: z.int().min(-1).describe('index of the step whose parameters come back; -1: the initial parameters'),
});

/** Parameters (batch-norm statistics too) as they were after an earlier step, under the masks of now (Frankle et al. 2020). */
export const rewindStep = defineStepKind({
  kind: 'rewind',
  options,
  prunes: false,
  trains: false,
  async run(session, { masks }, { to }) {
    const earlier = to === -1 ? session.initialParameters() : (await session.stateAfter(to)).parameters;
    return { state: { parameters: applyMasks(earlier, masks), masks }, metrics: {} };
  },
});
