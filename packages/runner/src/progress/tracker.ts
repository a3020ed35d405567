import { describePoint, type Progress, pointOf } from '@prunebench/core';
import type { PlannedTrial } from '../plan/plan.ts';
import { describeTask, type Observer, type Outcome } from '../schedule/scheduler.ts';
import type { Task, TaskResult } from '../worker/protocol.ts';

/** What one worker is doing. */
export interface Activity {
  readonly task: string;
  readonly progress: Progress;
}

/** A run's state at one moment. */
export interface Snapshot {
  readonly trials: { readonly total: number; readonly done: number; readonly failed: number };
  readonly activities: readonly (Activity | undefined)[];
  /** Share of the run's work that is done, in [0, 1]; the work of a stage is what `workOf` says. */
  readonly fraction: number;
  /** Until the run ends, its timing pass included; undefined until something is done. */
  readonly secondsLeft: number | undefined;
}

/** Told when something happened that deserves a line of its own. */
export type LineSink = (line: string) => void;

/** Follows a run, for displays to ask; writes one line for each trial that ends and for each retry. */
export class Tracker implements Observer {
  readonly #total: number;
  readonly #work: ReadonlyMap<string, number>;
  readonly #allWork: number;
  readonly #secondsAfter: number;
  readonly #line: LineSink;
  readonly #now: () => number;
  readonly #start: number;
  readonly #running = new Map<number, { task: Task; progress: Progress }>();
  #doneWork = 0;
  #done: number;
  #failed = 0;

  /**
   * @param trials how many trials the benchmark has, how many of them earlier runs finished, and how long the run goes on after the last
   *   one, in seconds: the time left includes it
   * @param work of every stage that is to run, by key, in any unit
   */
  constructor(
    { total, finished, secondsAfter }: { total: number; finished: number; secondsAfter: number },
    work: ReadonlyMap<string, number>,
    line: LineSink,
    now: () => number = () => performance.now() / 1000,
  ) {
    this.#total = total;
    this.#done = finished;
    this.#secondsAfter = secondsAfter;
    this.#work = work;
    this.#allWork = [...work.values()].reduce((sum, value) => sum + value, 0);
    this.#line = line;
    this.#now = now;
    this.#start = now();
  }

  taskStarted(slot: number, task: Task): void {
    this.#running.set(slot, { task, progress: { fraction: 0 } });
  }

  taskProgress(slot: number, progress: Progress): void {
    const running = this.#running.get(slot);
    if (running) this.#running.set(slot, { task: running.task, progress });
  }

  taskEnded(slot: number, task: Task, result: TaskResult): void {
    this.#running.delete(slot);
    if (result.status === 'done') this.#doneWork += this.#workOf(task);
  }

  retried(task: Task, reason: string): void {
    this.#line(`worker died (${reason}) on ${describeTask(task)}; it is tried once more`);
  }

  trialEnded(trial: PlannedTrial, outcome: Outcome): void {
    this.#done++;
    if (outcome.status !== 'finished') this.#failed++;
    const { network, seed } = trial.spec;
    const name = `${trial.series}, ${network}, ${describePoint(pointOf(trial.spec))}, seed ${seed}`;
    this.#line(`${this.#done}/${this.#total} ${name}: ${describeOutcome(outcome)}`);
  }

  snapshot(slots: number): Snapshot {
    const running = [...this.#running.values()];
    const partial = running.reduce((sum, { task, progress }) => sum + this.#workOf(task) * progress.fraction, 0);
    const fraction = this.#allWork === 0 ? 1 : Math.min(1, (this.#doneWork + partial) / this.#allWork);
    const elapsed = this.#now() - this.#start;
    return {
      trials: { total: this.#total, done: this.#done, failed: this.#failed },
      activities: Array.from({ length: slots }, (_, slot) => {
        const activity = this.#running.get(slot);
        return activity && { task: describeTask(activity.task), progress: activity.progress };
      }),
      fraction,
      secondsLeft: fraction > 0 ? (elapsed * (1 - fraction)) / fraction + this.#secondsAfter : undefined,
    };
  }

  #workOf(task: Task): number {
    return task.type === 'stage' ? (this.#work.get(task.stage.key) ?? 0) : 0;
  }
}

function describeOutcome(outcome: Outcome): string {
  if (outcome.status === 'finished') return 'finished';
  return outcome.status === 'failed' ? `failed and recorded: ${outcome.reason}` : `not done: ${outcome.error.message}`;
}
