import {
  networkOf,
  type ParameterRecord,
  randomStream,
  type State,
  type Subject,
  type TrialSession,
} from '@prunebench/core';
import { shuffledBatches } from './shuffled-batches.ts';

/**
 * What criterion `id` is shown in round `round` of a pruning step. The order of the calibration batches comes from the seed
 * alone, so all criteria and steps of a trial see the same; the criterion's own stream comes from the step.
 */
export function subjectOf(session: TrialSession, state: State, id: string, round: number): Subject {
  const { dataset, seed } = session;
  const network = networkOf(state, session.network);
  let initial: ParameterRecord | undefined;
  return {
    network,
    parameters: state.parameters,
    masks: state.masks,
    variables: state.variables,
    // Drawn when they are asked for: few criteria do, and a VGG's take longer than a round of SynFlow.
    get initialParameters() {
      initial ??= session.initialParameters();
      return initial;
    },
    batches: (options) =>
      shuffledBatches(dataset, network, 'calibration', randomStream(seed).fork('calibration'), options),
    random: session.random.fork('criterion').fork(id).fork(String(round)),
  };
}
