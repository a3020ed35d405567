import { type Spent, SpentTime } from '@prunebench/training/spent-time';
import { type WorkerPart, WorkersTime } from './workers-time.ts';

/** What a run does itself, while it has no workers. */
type OwnPart = 'start of the command' | 'planning' | 'workers' | 'timing pass' | 'report' | 'other';

export type RunPart = Exclude<OwnPart, 'workers'>;

/** One part of a run's time. */
export interface PartTime extends Spent {
  /** Who spent it: the run's own process, or its workers, together. */
  readonly by: 'run' | 'workers';
  readonly part: RunPart | WorkerPart;
  /** What it is of the run's wall time: where workers are beside one another, their share of it. */
  readonly wallSeconds: number;
  readonly share: number;
}

/** Where the wall time of a run went, all of it. */
export interface RunProfile {
  readonly wallSeconds: number;
  /** Of all processes together. */
  readonly processorSeconds: number;
  /** Worker processes side by side; 0 where nothing was left to compute. */
  readonly workers: number;
  /** Compute threads of each. */
  readonly threads: number;
  /** What its workers spent, parts and the rest: their number times the time there were workers. */
  readonly workerSeconds: number;
  readonly parts: readonly PartTime[];
}

/** The order in which parts are shown: that of a run, what is no work last. */
const ORDER: readonly (RunPart | WorkerPart)[] = [
  'start of the command',
  'planning',
  'start of workers',
  'data',
  'compile',
  'batches',
  'dense steps',
  'sparse steps',
  'steps not compiled',
  'rest of training',
  'evaluation',
  'batches of evaluation',
  'scoring',
  'pruning',
  'read states',
  'write states',
  'records',
  'waiting',
  'timing pass',
  'report',
  'other',
];

/** Follows one run of a table, from the start of the process on. */
export class RunTime {
  readonly #own: SpentTime<OwnPart>;
  readonly #now: () => number;
  readonly #before: number;
  #workers: WorkersTime | undefined;
  #threads = 0;

  /** @param now seconds since the process started */
  constructor(now: () => number = () => performance.now() / 1000) {
    this.#now = now;
    this.#before = now();
    this.#own = new SpentTime('other', now);
    this.#own.start();
  }

  during<T>(part: Exclude<OwnPart, 'workers'>, work: () => Promise<T>): Promise<T> {
    return this.#own.during(part, work);
  }

  /**
   * Runs `work`, which has so many workers side by side.
   *
   * @param work is given what follows them
   */
  async withWorkers<T>(places: number, threads: number, work: (workers: WorkersTime) => Promise<T>): Promise<T> {
    const workers = new WorkersTime(places, this.#now);
    this.#workers = workers;
    this.#threads = threads;
    try {
      return await this.#own.during('workers', () => work(workers));
    } finally {
      workers.end();
    }
  }

  /** Where the time went up to now; nothing is followed any more. */
  end(): RunProfile {
    const own = this.#own.stop();
    const wallSeconds = this.#now();
    const workers = this.#workers;
    const rows: Omit<PartTime, 'share'>[] = [
      { by: 'run', part: 'start of the command', seconds: this.#before, wallSeconds: this.#before, count: 1 },
    ];
    for (const [part, spent] of workers?.parts ?? [])
      rows.push({ by: 'workers', part, ...spent, wallSeconds: spent.seconds / workers!.places });
    for (const [part, spent] of own)
      if (part !== 'workers' && part !== 'other') rows.push({ by: 'run', part, ...spent, wallSeconds: spent.seconds });
    const rest = wallSeconds - rows.reduce((sum, row) => sum + row.wallSeconds, 0);
    rows.push({ by: 'run', part: 'other', seconds: rest, wallSeconds: rest, count: 0 });
    const { user, system } = process.cpuUsage();
    return {
      wallSeconds,
      processorSeconds: (user + system) / 1e6 + (workers?.processorSeconds ?? 0),
      workers: workers?.places ?? 0,
      threads: this.#threads,
      workerSeconds: workers?.seconds ?? 0,
      parts: rows
        .map((row) => ({ ...row, share: row.wallSeconds / wallSeconds }))
        .sort((a, b) => ORDER.indexOf(a.part) - ORDER.indexOf(b.part)),
    };
  }
}
