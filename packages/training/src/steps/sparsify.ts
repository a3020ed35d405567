import { defineStepKind, trainOptions } from '@prunebench/core';
import { normaliseExtensions } from './normalise-extensions.ts';

/** A training whose extensions remove weights: by moving masks, or by what they make of the last state. See `train`. */
export const sparsifyStep = defineStepKind({
  kind: 'sparsify',
  options: trainOptions,
  prunes: true,
  trains: true,
  work: ({ epochs, from, to }) => epochs * (to - from),
  normalise: normaliseExtensions,
  run: (session, state, options) => session.train(state, options),
});
