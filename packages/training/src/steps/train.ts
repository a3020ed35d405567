import { type StepKind, type TrainOptions, trainOptions } from '@prunebench/core';

/** Trains under the masks; see `train`. */
export const trainStep: StepKind<TrainOptions> = {
  kind: 'train',
  options: trainOptions,
  prunes: false,
  trains: true,
  work: ({ epochs }) => epochs,
  run: (session, state, options) => session.train(state, options),
};
