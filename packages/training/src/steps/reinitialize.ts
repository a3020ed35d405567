import { applyMasks, defineStepKind } from '@prunebench/core';
import { z } from 'zod';

/** Control: fresh initial parameters, other than the trial's first ones, under the same masks. */
export const reinitializeStep = defineStepKind({
  kind: 'reinitialize',
  options: z.strictObject({}),
  prunes: false,
  trains: false,
  async run(session, { masks }) {
    const fresh = session.initialParameters(session.random.fork('reinitialize'));
    return { state: { parameters: applyMasks(fresh, masks), masks }, metrics: {} };
  },
});
