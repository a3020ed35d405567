import {
  collapsedLayers,
  costOf,
  type Evaluation,
  type Measured,
  maskDigest,
  maskedSparsity,
  type Network,
  networkOf,
  recordedCosts,
  refuseNotFinite,
  SCHEMA_VERSION,
  type SplitName,
  type State,
  type TrialRecord,
  unitsLeft,
} from '@prunebench/core';
import type { Notice } from '@prunebench/files';
import { fileSizes } from '@prunebench/sparse';
import type { PlannedTrial } from '../plan/plan.ts';
import { host } from '../provenance.ts';
import {
  type Evaluations,
  evaluateBoth,
  LostStageError,
  type StageInfo,
  type StageStore,
} from '../stages/stage-store.ts';
import { countEvaluations, gatherMetrics } from './gather-metrics.ts';
import type { RecordTask, WorkerInfo } from './protocol.ts';

/** What a record is made from besides the task. */
export interface RecordContext {
  readonly network: Network;
  readonly datasetChecksum: string;
  readonly worker: WorkerInfo;
  readonly store: StageStore;
  readonly notice: Notice;
  evaluate(state: State, split: SplitName): Promise<Evaluation>;
}

/**
 * The record of a trial whose stages are finished, or of one that failed with the reason in the task.
 *
 * @throws DivergenceError where a number that was measured is not finite
 * @throws PrunebenchError for a metric that two steps report
 */
export async function makeRecord(task: RecordTask, context: RecordContext): Promise<TrialRecord> {
  const { trial, failure } = task;
  const stages = await Promise.all(task.finished.map((key) => stageInfo(key, context)));
  const { backend, threads, versions } = context.worker;
  const measured = failure === null ? await measure(trial, stages, context) : null;
  refuseNotFinite(measured, 'its record');
  return {
    schema: SCHEMA_VERSION,
    key: trial.key,
    benchmark: task.benchmark,
    scale: task.scale,
    series: trial.series,
    control: trial.control,
    spec: trial.spec,
    failure,
    measured,
    run: {
      commit: task.commit,
      dirty: task.dirty,
      backend,
      threads,
      versions: { ...versions },
      ...(task.plugins && { plugins: task.plugins }),
      datasetChecksum: context.datasetChecksum,
      host: host(),
      finishedAt: new Date().toISOString(),
      computeSeconds: stages.reduce((total, { seconds }) => total + seconds, 0),
      stages: stages.map(({ key, kind, seconds }) => ({ key, kind, seconds })),
    },
    code: task.code,
  };
}

async function stageInfo(key: string, { store, notice }: RecordContext): Promise<StageInfo> {
  const info = await store.find(key, notice);
  if (!info) throw new LostStageError(key, `Stage ${key} is not there any more.`);
  return info;
}

async function measure(trial: PlannedTrial, stages: readonly StageInfo[], context: RecordContext): Promise<Measured> {
  const { store, notice } = context;
  const state = await store.readState(trial.stages.at(-1)!, notice);
  const network = networkOf(state, context.network);
  const { masks } = state;
  const cost = costOf(network, masks);
  const { dense, pruned, final } = trial.points;
  const earlyStop = stages.findLast(({ metrics }) => metrics.earlyStop)?.metrics.earlyStop;
  const evaluations = countEvaluations(stages, [dense, pruned, final]);
  const metrics = gatherMetrics(stages);
  return {
    sparsity: {
      ...(trial.spec.sparsity !== undefined && { requested: trial.spec.sparsity }),
      achieved: maskedSparsity(network, masks),
    },
    layers: cost.layers.map(({ name, weights, remaining }) => ({ name, weights, remaining })),
    masks: maskDigest(masks),
    architecture: unitsLeft(network, masks),
    collapsedLayers: collapsedLayers(network, masks),
    ...recordedCosts(cost),
    fileBytes: fileSizes(state),
    dense: await evaluationsAfter(dense, trial, context),
    pruned: await evaluationsAfter(pruned, trial, context),
    final: await evaluationsAfter(final, trial, context),
    bestValidation: stages.findLast(({ metrics }) => metrics.bestValidation)?.metrics.bestValidation ?? null,
    ...(earlyStop && { earlyStop }),
    trainedExamples: stages.reduce((total, stage) => total + (stage.metrics.trainedExamples ?? 0), 0),
    ...(evaluations !== undefined && { evaluations }),
    ...(metrics && { metrics: { ...metrics } }),
  };
}

/** Accuracy and loss of the state after step `index`, from the stage's folder where an earlier trial left them. */
async function evaluationsAfter(
  index: number | null,
  trial: PlannedTrial,
  { store, notice, evaluate }: RecordContext,
): Promise<Evaluations | null> {
  if (index === null) return null;
  const key = trial.stages[index];
  return store.evaluations(key, notice, async () => {
    const state = await store.readState(key, notice);
    return evaluateBoth((split) => evaluate(state, split));
  });
}
