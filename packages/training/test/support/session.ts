import type { Criterion, Dataset, Network, SplitName, State, TrialSession } from '@prunebench/core';
import { openSession, type ScoreMemory, stepKinds } from '../../src/index.ts';

export interface TestSession {
  readonly network: Network;
  readonly dataset: Dataset;
  readonly criteria?: readonly Criterion[];
  readonly seed?: number;
  readonly position?: number;
  readonly earlier?: readonly State[];
  readonly shared?: { readonly memory: ScoreMemory; readonly start: string };
  readonly onEvaluation?: (split: SplitName) => void;
}

export function sessionOf({
  network,
  dataset,
  criteria = [],
  seed = 1,
  position = 0,
  earlier = [],
  shared,
  onEvaluation,
}: TestSession): TrialSession {
  return openSession({
    dataset,
    network,
    seed,
    position,
    signal: new AbortController().signal,
    criteria: new Map(criteria.map((criterion) => [criterion.id, criterion])),
    initializer: 'glorot-normal',
    stateAfter: async (index) => earlier[index],
    ...(shared ? { shared } : {}),
    ...(onEvaluation ? { onEvaluation } : {}),
  });
}

/** Runs a step as the runner does: options through the kind's schema first. */
export function runStep(session: TrialSession, state: State, kind: string, options: Record<string, unknown> = {}) {
  const step = stepKinds.find((candidate) => candidate.kind === kind)!;
  return step.run(session, state, step.options.parse(options));
}
