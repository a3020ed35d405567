/** Networks as a trial prunes them, at any sparsity: the trial's own stages up to its last pruning, so that the trial goes on from there. */
import { collapsedLayers, type Network, networkOf, type State, type TrialDeclaration } from '@prunebench/core';
import { TrialCodes } from '../code/trial-code.ts';
import { toError } from '../errors/error-message.ts';
import { declareTrials, type PlannedTrial, type RunPlan } from '../plan/plan.ts';
import { planTrials } from '../plan/plan-trials.ts';
import type { Display } from '../progress/display.ts';
import { Tracker } from '../progress/tracker.ts';
import type { Registry } from '../registry.ts';
import type { ResultsFolder } from '../results/results-folder.ts';
import { type Executor, FatalError, type Observer, schedule } from '../schedule/scheduler.ts';
import { StageStore } from '../stages/stage-store.ts';
import { WorkerPool } from '../worker/pool.ts';
import type { RecordTask, WorkerInfo } from '../worker/protocol.ts';
import { shareCores } from '../worker/share-cores.ts';

export interface ProbeOptions {
  readonly registry: Registry;
  readonly folder: ResultsFolder;
  readonly backend: string;
  readonly plugins: readonly string[];
  readonly seed: number;
  readonly display: Display;
  readonly signal: AbortSignal;
}

/** A network that was pruned, or why it cannot be pruned that far. */
export type Pruned = { readonly network: Network; readonly state: State } | { readonly reason: string };

/** Prunes networks in a worker process that it starts when it is first needed. */
export class Probe {
  readonly #options: ProbeOptions;
  readonly #codes: TrialCodes;
  readonly #store: StageStore;
  #started: { readonly pool: WorkerPool; readonly worker: WorkerInfo } | undefined;

  constructor(options: ProbeOptions) {
    this.#options = options;
    this.#codes = new TrialCodes(options.registry);
    this.#store = new StageStore(options.folder.stages);
  }

  /**
   * The network of a trial as it is once its last weight is removed.
   *
   * @returns undefined where the search was stopped
   * @throws what keeps the trial from being computed at all
   */
  async prune(declaration: TrialDeclaration): Promise<Pruned | undefined> {
    const { registry, seed, display, signal } = this.#options;
    const [trial] = declareTrials([declaration], [seed], registry);
    await this.#codes.locate([trial.spec]);
    const worker = await this.#worker();
    if (!worker) return undefined;
    const { plan: whole, work } = await planTrials([trial], registry, this.#codes, worker.worker);
    const plan = upToPruning(whole);
    const notice = (line: string) => display.line(line);
    const finished = await this.#store.finished(plan.stages.keys(), notice);
    const left = new Map([...work(finished)].filter(([key]) => plan.stages.has(key)));
    const tracker = new Tracker({ total: 1, finished: 0, secondsAfter: 0 }, left, notice);
    display.start(() => tracker.snapshot(1));
    try {
      const outcomes = await schedule({
        ...{ plan, finished, signal },
        executor: withoutRecords(worker.pool),
        observer: silentAtTheEnd(tracker),
        recordTask: (planned, failure, stages): RecordTask => ({
          ...{ type: 'record', benchmark: 'prune', scale: 'smoke', trial: planned, failure, finished: stages },
          ...{ code: this.#codes.code(planned.spec, worker.worker.backend), commit: '', dirty: false },
        }),
      });
      const outcome = outcomes.get(trial.name);
      if (!outcome) return undefined;
      if (outcome.status === 'error') throw toError(outcome.error);
      if (outcome.status === 'failed') return { reason: outcome.reason };
    } catch (error) {
      throw error instanceof FatalError ? toError(error.error) : error;
    } finally {
      display.stop();
    }
    const state = await this.#store.readState(plan.trials[0].stages.at(-1)!, notice);
    const { dataset, network: id } = trial.spec;
    const network = networkOf(state, registry.network(id).build(registry.datasets.get(dataset)!.shape));
    const collapsed = collapsedLayers(network, state.masks);
    return collapsed.length > 0 ? { reason: `${collapsed.join(', ')} lost all weights` } : { network, state };
  }

  async close(): Promise<void> {
    await this.#started?.pool.close();
  }

  async #worker() {
    if (this.#started) return this.#started;
    const { folder, backend, plugins, display, signal } = this.#options;
    const { size, threads } = shareCores(1, 1);
    const config = { results: folder.root, backend, plugins, workers: size, profile: false };
    const pool = new WorkerPool({ size, threads, config, notice: (line) => display.line(line) });
    signal.addEventListener('abort', () => pool.abort(), { once: true });
    const worker = await pool.start();
    this.#started = worker && { pool, worker };
    return this.#started;
  }
}

/** The plan of one trial without what comes after its last pruning, and without evaluations, which its record makes up for. */
function upToPruning({ trials: [trial], stages }: RunPlan): RunPlan {
  const last = trial.points.pruned ?? trial.stages.length - 1;
  const kept: PlannedTrial = { ...trial, stages: trial.stages.slice(0, last + 1) };
  return { trials: [kept], stages: new Map(kept.stages.map((key) => [key, { ...stages.get(key)!, evaluate: false }])) };
}

/** Every trial ends with a record; of what is only timed there is none. */
function withoutRecords(pool: Executor): Executor {
  return {
    size: pool.size,
    execute: async (slot, task, onProgress) =>
      task.type === 'record' ? { status: 'done', seconds: 0 } : pool.execute(slot, task, onProgress),
  };
}

function silentAtTheEnd(tracker: Tracker): Observer {
  return {
    taskStarted: (slot, task) => tracker.taskStarted(slot, task),
    taskProgress: (slot, progress) => tracker.taskProgress(slot, progress),
    taskEnded: (slot, task, result) => tracker.taskEnded(slot, task, result),
    retried: (task, reason) => tracker.retried(task, reason),
    trialEnded() {},
  };
}
