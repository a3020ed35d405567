import {
  type Dataset,
  type KernelInitializer,
  type Network,
  type Progress,
  refuseDiverged,
  type State,
} from '@prunebench/core';
import type { Notice } from '@prunebench/files';
import { evaluate, openSession, type ScoreMemory } from '@prunebench/training';
import { lookUp } from '../options/suggest.ts';
import type { Stage } from '../plan/plan.ts';
import type { Registry } from '../registry.ts';
import { evaluateBoth, type StageStore } from '../stages/stage-store.ts';
import { checkMetrics } from './check-metrics.ts';

/** What a stage runs on besides its own description. */
export interface StageContext {
  readonly dataset: Dataset;
  readonly network: Network;
  readonly initializer: KernelInitializer;
  readonly backend: string;
  readonly registry: Registry;
  readonly store: StageStore;
  readonly scoreMemory: ScoreMemory;
  readonly signal: AbortSignal;
  readonly notice: Notice;
  onProgress(progress: Progress): void;
}

/**
 * Computes one stage from its parent's state on disk and commits it, evaluated where some record asks for that.
 *
 * @returns the seconds of computation
 * @throws DivergenceError where a parameter, a metric or an evaluation is not finite
 */
export async function runStage(stage: Stage, context: StageContext): Promise<number> {
  const { dataset, network, registry, store, scoreMemory, signal, notice } = context;
  const start = performance.now();
  const position = stage.steps.length - 1;
  const session = openSession({
    dataset,
    network,
    seed: stage.seed,
    position,
    signal,
    criteria: registry.criteria,
    initializer: context.initializer,
    stateAfter: (index) => store.readState(ancestor(stage, index), notice),
    shared: { memory: scoreMemory, start: stage.parent ?? `initial ${stage.network} for ${stage.dataset}` },
    onProgress: context.onProgress,
  });
  const before: State =
    stage.parent === null
      ? { parameters: session.initialParameters(), masks: {} }
      : await store.readState(stage.parent, notice);
  const step = stage.steps[position];
  const kind = lookUp(registry.steps, 'kind of step', step.kind);
  const { state, metrics } = await kind.run(session, before, kind.options.parse(step.options));
  refuseDiverged(state.parameters, `after ${step.kind} (step ${position + 1})`);
  checkMetrics(step.kind, metrics);
  const evaluations = stage.evaluate
    ? await evaluateBoth((split) => evaluate(network, state, dataset.splits[split], { signal }))
    : undefined;
  const seconds = (performance.now() - start) / 1000;
  await store.commit({
    key: stage.key,
    kind: step.kind,
    dataset: stage.dataset,
    network: stage.network,
    seed: stage.seed,
    backend: context.backend,
    seconds,
    metrics,
    state,
    evaluations,
  });
  return seconds;
}

function ancestor(stage: Stage, index: number): string {
  const key = stage.ancestors[index];
  if (key === undefined)
    throw new RangeError(`Step ${stage.ancestors.length} cannot read the state after step ${index}.`);
  return key;
}
