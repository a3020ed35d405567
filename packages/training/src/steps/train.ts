import { defineStepKind, trainOptions } from '@prunebench/core';

/** Trains under the masks; see `train`. */
export const trainStep = defineStepKind({
  kind: 'train',
  options: trainOptions,
  prunes: false,
  trains: true,
  work: ({ epochs }) => epochs,
  run: (session, state, options) => session.train(state, options),
});
