import type { Progress } from '@prunebench/core';
import { describeSpec, type PlannedTrial, type RunPlan, type Stage } from '../plan/plan.ts';
import type { ErrorMessage, RecordTask, Task, TaskResult } from '../worker/protocol.ts';

/** A worker died (killed, out of memory, a crash in native code) while it ran a task. */
export class WorkerCrash extends Error {}

/** The run as a whole cannot go on. */
export class FatalError extends Error {
  readonly error: ErrorMessage;

  constructor(error: ErrorMessage) {
    super(error.message);
    this.name = 'FatalError';
    this.error = error;
  }
}

/** Runs one task at a time on each of `size` workers. */
export interface Executor {
  readonly size: number;
  /**
   * @param slot which worker: 0 ... size - 1, idle at the moment
   * @throws WorkerCrash when the worker died; the next task on this slot gets a fresh one
   */
  execute(slot: number, task: Task, onProgress: (progress: Progress) => void): Promise<TaskResult>;
}

/** How a trial ended in this run. */
export type Outcome =
  | { readonly status: 'finished' }
  /** Recorded: the trial cannot finish. */
  | { readonly status: 'failed'; readonly reason: string }
  /** Not recorded: it is tried again in the next run. */
  | { readonly status: 'error'; readonly error: ErrorMessage };

/** What the display and the log want to know. */
export interface Observer {
  taskStarted(slot: number, task: Task): void;
  taskProgress(slot: number, progress: Progress): void;
  taskEnded(slot: number, task: Task, result: TaskResult): void;
  /** A stage is tried again because its worker died. */
  retried(task: Task, reason: string): void;
  trialEnded(trial: PlannedTrial, outcome: Outcome): void;
}

export interface ScheduleOptions {
  readonly plan: RunPlan;
  /** Keys of stages that earlier runs finished. */
  readonly finished: ReadonlySet<string>;
  readonly executor: Executor;
  readonly observer: Observer;
  /** Once aborted, nothing new starts; running tasks are expected to end as `aborted`. */
  readonly signal: AbortSignal;
  recordTask(trial: PlannedTrial, failure: string | null, finished: readonly string[]): RecordTask;
}

/**
 * Runs every stage that the trials need, once, and then every trial's record. The first trial in the plan's order that
 * can go on does so: stages of one trial follow one another closely, and trials finish early.
 *
 * @returns the trials that ended, by name; trials that an abort cut short are missing
 * @throws FatalError when the run as a whole cannot go on
 */
export async function schedule(options: ScheduleOptions): Promise<ReadonlyMap<string, Outcome>> {
  return new Scheduler(options).run();
}

class Scheduler {
  readonly #options: ScheduleOptions;
  readonly #done: Set<string>;
  /** Why a stage cannot finish, or a record has nothing to report; by task. */
  readonly #failures = new Map<string, string>();
  readonly #busy = new Set<string>();
  readonly #counts = new Map<string, number>();
  readonly #outcomes = new Map<string, Outcome>();
  readonly #idle: number[];
  #fatal: ErrorMessage | undefined;

  constructor(options: ScheduleOptions) {
    this.#options = options;
    this.#done = new Set(options.finished);
    this.#idle = Array.from({ length: options.executor.size }, (_, i) => options.executor.size - 1 - i);
  }

  async run(): Promise<ReadonlyMap<string, Outcome>> {
    const running = new Set<Promise<void>>();
    for (;;) {
      while (this.#idle.length > 0 && !this.#stopping()) {
        const task = this.#nextTask();
        if (!task) break;
        const job: Promise<void> = this.#start(task).finally(() => running.delete(job));
        running.add(job);
      }
      if (running.size === 0) break;
      await Promise.race(running);
    }
    if (this.#fatal) throw new FatalError(this.#fatal);
    return this.#outcomes;
  }

  #stopping(): boolean {
    return this.#options.signal.aborted || this.#fatal !== undefined;
  }

  /** The first task that can start, going through the trials in order. */
  #nextTask(): Task | undefined {
    for (const trial of this.#options.plan.trials) {
      if (this.#outcomes.has(trial.name)) continue;
      const next = trial.stages.find((key) => !this.#done.has(key));
      const failure = next === undefined ? (this.#failures.get(recordId(trial)) ?? null) : this.#failures.get(next);
      const task: Task =
        failure === undefined
          ? { type: 'stage', stage: this.#stage(next!) }
          : this.#options.recordTask(
              trial,
              failure,
              trial.stages.slice(0, next ? trial.stages.indexOf(next) : undefined),
            );
      if (!this.#busy.has(taskId(task))) return task;
    }
    return undefined;
  }

  #stage(key: string): Stage {
    return this.#options.plan.stages.get(key)!;
  }

  async #start(task: Task): Promise<void> {
    const { executor, observer } = this.#options;
    const slot = this.#idle.pop()!;
    this.#busy.add(taskId(task));
    observer.taskStarted(slot, task);
    try {
      const result = await executor.execute(slot, task, (progress) => observer.taskProgress(slot, progress));
      observer.taskEnded(slot, task, result);
      this.#settle(task, result);
    } catch (error) {
      if (!(error instanceof WorkerCrash)) throw error;
      observer.taskEnded(slot, task, { status: 'aborted' });
      this.#crashed(task, error.message);
    } finally {
      this.#busy.delete(taskId(task));
      this.#idle.push(slot);
    }
  }

  #settle(task: Task, result: TaskResult): void {
    if (result.status === 'fatal') this.#fatal ??= result.error;
    else if (result.status === 'error') this.#giveUp(task, result.error);
    else if (result.status === 'lost') this.#lost(task, result.key);
    else if (result.status === 'failed') this.#failed(task, result.reason);
    else if (result.status === 'done' && task.type === 'stage') this.#done.add(task.stage.key);
    else if (result.status === 'done' && task.type === 'record')
      this.#end(
        task.trial,
        task.failure === null ? { status: 'finished' } : { status: 'failed', reason: task.failure },
      );
  }

  /** Trials that need the stage are recorded with the reason; so is a trial whose numbers no record can hold. */
  #failed(task: Task, reason: string): void {
    if (this.#failures.has(taskId(task))) this.#giveUp(task, { message: reason });
    else this.#failures.set(taskId(task), reason);
  }

  /** Computes a stage again that turned out corrupt; a disk that loses it a second time is not trusted further. */
  #lost(task: Task, key: string): void {
    // Two workers may have met the same damage, of which the second tells what is known.
    const known = !this.#done.delete(key);
    const losses = this.#count(known ? `lost ${key} again for ${taskId(task)}` : `lost ${key}`);
    if (losses > 1)
      this.#giveUp(task, {
        message: `Stage ${key} was corrupt twice in one run.`,
        remedy: 'Check the disk of the results folder, or use another one with --results.',
      });
  }

  #count(event: string): number {
    const count = (this.#counts.get(event) ?? 0) + 1;
    this.#counts.set(event, count);
    return count;
  }

  /** Once may be bad luck, such as memory that was short for a moment; twice is a property of the stage. */
  #crashed(task: Task, reason: string): void {
    if (this.#stopping()) return;
    if (this.#count(`crash ${taskId(task)}`) === 1) this.#options.observer.retried(task, reason);
    else
      this.#giveUp(task, {
        message: `The worker died twice (${reason}) on ${describeTask(task)}.`,
        remedy: 'If memory was short, use fewer --workers; otherwise see the run.log of this benchmark.',
      });
  }

  /** Ends every trial that needs the task. */
  #giveUp(task: Task, error: ErrorMessage): void {
    const needs = (trial: PlannedTrial) =>
      task.type === 'record' ? trial.name === task.trial.name : trial.stages.includes(task.stage.key);
    for (const trial of this.#options.plan.trials)
      if (needs(trial) && !this.#outcomes.has(trial.name)) this.#end(trial, { status: 'error', error });
  }

  #end(trial: PlannedTrial, outcome: Outcome): void {
    this.#outcomes.set(trial.name, outcome);
    this.#options.observer.trialEnded(trial, outcome);
  }
}

function taskId(task: Task): string {
  return task.type === 'stage' ? task.stage.key : recordId(task.trial);
}

function recordId({ name }: PlannedTrial): string {
  return `record ${name}`;
}

/** A task in a few words: "train (step 3) of lenet-5-caffe on mnist, seed 0". */
export function describeTask(task: Task): string {
  if (task.type === 'record') return `record of ${describeSpec(task.trial.spec)}`;
  const { stage } = task;
  const { kind } = stage.steps.at(-1)!;
  return `${kind} (step ${stage.steps.length}) of ${stage.network} on ${stage.dataset}, seed ${stage.seed}`;
}
