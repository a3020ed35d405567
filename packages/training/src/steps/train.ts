import { defineStepKind, trainOptions } from '@prunebench/core';
import { normaliseExtensions } from './normalise-extensions.ts';

const kindOfTraining = (kind: string, prunes: boolean) =>
  defineStepKind({
    kind,
    options: trainOptions,
    prunes,
    trains: true,
    work: ({ epochs, from, to }) => epochs * (to - from),
    normalise: normaliseExtensions,
    run: (session, state, options) => session.train(state, options),
  });

/** Trains under the masks; see `train`. */
export const trainStep = kindOfTraining('train', false);

/** A training whose extensions remove weights: by moving masks, or by what they make of the last state. */
export const sparsifyStep = kindOfTraining('sparsify', true);
