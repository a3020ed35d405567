import { defineStepKind, trainOptions } from '@prunebench/core';
import { normaliseExtensions } from './normalise-extensions.ts';

/** Trains under the masks; see `train`. */
export const trainStep = defineStepKind({
  kind: 'train',
  options: trainOptions,
  prunes: false,
  trains: true,
  work: ({ epochs, from, to }) => epochs * (to - from),
  normalise: normaliseExtensions,
  run: (session, state, options) => session.train(state, options),
});
