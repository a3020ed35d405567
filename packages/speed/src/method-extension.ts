import { type Network, randomStream, type State, type TrainOptions } from '@prunebench/core';
import methods from '@prunebench/methods';
import { type Extension, isExtensionKind } from '@prunebench/network';
import { ENDLESS } from './timed-step.ts';

/** What an extension is made for. */
export interface ExtensionSubject {
  readonly network: Network;
  readonly state: State;
  readonly options: TrainOptions;
}

/** Examples that an epoch of MNIST trains on; of its 60,000 the others validate. */
export const TRAINING_EXAMPLES = 54_000;

/** An extension of the methods' package, for a training without end on MNIST. */
export function methodExtension(
  id: string,
  options: object,
  { network, state, options: training }: ExtensionSubject,
): Extension {
  const entry = methods.extensions.find((extension) => extension.id === id);
  if (!entry || !isExtensionKind(entry)) throw new Error(`speed: the methods have no extension ${id}`);
  return entry.create(options, {
    network,
    state,
    options: training,
    totalUpdates: ENDLESS.totalSteps,
    updatesPerEpoch: ENDLESS.stepsPerEpoch,
    trainingExamples: TRAINING_EXAMPLES,
    random: randomStream(0),
  });
}
