import { fileURLToPath } from 'node:url';
import type { Side } from '../side.ts';
import type { Contestant } from '../turns.ts';

export const trainingsProgram = fileURLToPath(new URL('../../peer_trainings.py', import.meta.url));

/** Time of a slice: some hundred steps, or some events. */
export const SLICE_SECONDS = 0.2;
/** Steps that both sides take before they are timed, to be compared. */
export const COMPARED_STEPS = 3;

/** What one training is measured with. */
export interface Trial {
  /** Undefined where PyTorch is missing. */
  readonly peer: Side | undefined;
  readonly threads: number;
  readonly rounds: number;
}

/** The peer's work, as a contestant. */
export function theirWork(peer: Side, job: 'step' | 'event', form: string): Contestant {
  return async (repeats) => (await peer.ask({ job, form, repeats })).seconds;
}
