import type { Trial } from './plan/plan.ts';
import type { Outcome } from './schedule/scheduler.ts';
import type { SpeedSummary } from './speed/measure-missing.ts';
import type { ErrorMessage } from './worker/protocol.ts';

/** How a run ended. */
export interface RunSummary {
  readonly trials: number;
  /** Finished by earlier runs. */
  readonly skipped: number;
  readonly finished: number;
  /** Recorded as a result: NaN loss, layer collapse. */
  readonly failed: readonly { readonly trial: Trial; readonly reason: string }[];
  /** Not recorded. */
  readonly errors: readonly { readonly trial: Trial; readonly error: ErrorMessage }[];
  /** Null when it was not to be measured, or the run was stopped before. */
  readonly speed: SpeedSummary | null;
  readonly aborted: boolean;
}

/** @param trials how many were asked for; `pending` are those that were not finished before, `outcomes` by their names */
export function summarize(
  trials: number,
  pending: readonly Trial[],
  outcomes: ReadonlyMap<string, Outcome>,
  speed: SpeedSummary | null,
  aborted: boolean,
): RunSummary {
  const ended = pending.map((trial) => ({ trial, outcome: outcomes.get(trial.name) }));
  return {
    trials,
    skipped: trials - pending.length,
    finished: ended.filter(({ outcome }) => outcome?.status === 'finished').length,
    failed: ended.flatMap(({ trial, outcome }) =>
      outcome?.status === 'failed' ? [{ trial, reason: outcome.reason }] : [],
    ),
    errors: ended.flatMap(({ trial, outcome }) =>
      outcome?.status === 'error' ? [{ trial, error: outcome.error }] : [],
    ),
    speed,
    aborted,
  };
}
