import {
  type Dataset,
  type KernelInitializer,
  type Network,
  networkOf,
  type ParameterRecord,
  type Progress,
  refuseDiverged,
  type SplitName,
  type State,
  type StepOutcome,
} from '@prunebench/core';
import type { Notice } from '@prunebench/files';
import { evaluate, openSession, type ScoreMemory } from '@prunebench/training';
import { spentTime } from '@prunebench/training/spent-time';
import { lookUp } from '../options/suggest.ts';
import { stepsBefore } from '../plan/declared.ts';
import type { Stage } from '../plan/plan.ts';
import type { Registry } from '../registry.ts';
import { evaluateBoth, type StageStore } from '../stages/stage-store.ts';
import { checkMetrics } from './check-metrics.ts';

/** What a step is taken on. */
export interface StepContext {
  readonly dataset: Dataset;
  readonly network: Network;
  readonly initializer: KernelInitializer;
  /** The network's own first parameters; absent: they are drawn. */
  readonly pretrained?: ParameterRecord;
  readonly registry: Registry;
  readonly signal: AbortSignal;
  /** Shares scores between stages; absent: every step scores for itself. */
  readonly scoreMemory?: ScoreMemory;
  /** The state that an earlier stage has left. */
  stateOf(key: string): Promise<State>;
  onProgress?(progress: Progress): void;
  /** Called for every evaluation of a split that the step makes. */
  onEvaluation?(split: SplitName): void;
}

/** What a stage runs on besides its own description. */
export interface StageContext extends Omit<StepContext, 'stateOf' | 'onEvaluation'> {
  readonly backend: string;
  readonly store: StageStore;
  readonly notice: Notice;
}

/** Takes the last step of a stage, from the state that its parent has left; on that state's network, where it has one of its own. */
export async function takeStep(stage: Stage, context: StepContext): Promise<StepOutcome> {
  const { dataset, registry, scoreMemory, signal, onProgress, onEvaluation } = context;
  const position = stage.steps.length - 1;
  const start = stage.parent ?? `initial ${stage.network} for ${stage.dataset}`;
  const earlier = stage.parent === null ? undefined : await context.stateOf(stage.parent);
  const session = openSession({
    dataset,
    network: earlier ? networkOf(earlier, context.network) : context.network,
    seed: stage.seed,
    position,
    signal,
    criteria: registry.criteria,
    extensions: registry.extensions,
    initializer: context.initializer,
    ...(context.pretrained && { pretrained: context.pretrained }),
    stateAfter: (index) => context.stateOf(ancestor(stage, index + stepsBefore(stage.steps, registry))),
    ...(scoreMemory && { shared: { memory: scoreMemory, start } }),
    ...(onProgress && { onProgress }),
    ...(onEvaluation && { onEvaluation }),
  });
  const before: State = earlier ?? { parameters: session.initialParameters(), masks: {} };
  const step = stage.steps[position];
  const kind = lookUp(registry.steps, 'kind of step', step.kind);
  const taken = () => kind.run(session, before, kind.options.parse(step.options));
  return kind.prunes ? spentTime.during('pruning', async () => taken()) : taken();
}

/**
 * Computes one stage from its parent's state on disk and commits it, evaluated where some record asks for that.
 *
 * @returns the seconds of computation
 * @throws DivergenceError where a parameter, a metric or an evaluation is not finite
 */
export async function runStage(stage: Stage, context: StageContext): Promise<number> {
  const { dataset, store, signal, notice } = context;
  const start = performance.now();
  const { kind } = stage.steps[stage.steps.length - 1];
  let evaluated = 0;
  const {
    state,
    metrics,
    evaluations: known = {},
  } = await takeStep(stage, {
    ...context,
    stateOf: (key) => store.readState(key, notice),
    onEvaluation: (split) => {
      if (split === 'validation' || split === 'test') evaluated++;
    },
  });
  refuseDiverged(state.parameters, `after ${kind} (step ${stage.steps.length})`);
  checkMetrics(kind, metrics);
  const evaluations = stage.evaluate
    ? await evaluateBoth(
        async (split) =>
          known[split] ?? evaluate(networkOf(state, context.network), state, dataset.splits[split], { signal }),
      )
    : undefined;
  const seconds = (performance.now() - start) / 1000;
  await store.commit({
    key: stage.key,
    kind,
    dataset: stage.dataset,
    network: stage.network,
    seed: stage.seed,
    backend: context.backend,
    seconds,
    metrics,
    evaluated,
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
