import type { Part, Spent } from '@prunebench/training/spent-time';
import type { TaskTime } from '../worker/protocol.ts';

/** What of a worker's time is seen from outside: it is there but not at work, or not there yet. */
export type OutsidePart = 'start of workers' | 'waiting';

export type WorkerPart = Part | OutsidePart;

/**
 * Where the time of a run's worker processes goes: each says it of its tasks, and what lies between them is seen here. A place for a
 * worker that is not started, or not any more, waits.
 */
export class WorkersTime {
  readonly #now: () => number;
  readonly #places: number;
  readonly #begun: number;
  readonly #parts = new Map<WorkerPart, { seconds: number; count: number }>();
  #total = 0;
  #starting = 0;
  #working = 0;
  #processorSeconds = 0;

  /** @param places how many workers there may be at once */
  constructor(places: number, now: () => number = () => performance.now() / 1000) {
    this.#places = places;
    this.#now = now;
    this.#begun = now();
  }

  /** A worker starts until `ready` settles. */
  starts(ready: Promise<unknown>): void {
    const since = this.#now();
    void this.#settled(ready, () => {
      const seconds = this.#now() - since;
      this.#starting += seconds;
      this.#add('start of workers', { seconds, count: 1 });
    });
  }

  /** A worker is at a task until its answer comes, or it dies, when what it did is nowhere. */
  works(answer: Promise<{ readonly time?: TaskTime }>): void {
    const since = this.#now();
    void this.#settled(answer, (ended) => {
      this.#working += this.#now() - since;
      this.#processorSeconds += ended?.time?.processorSeconds ?? 0;
      for (const [part, spent] of ended?.time?.parts ?? []) this.#add(part, spent);
    });
  }

  /** The pool is closed. */
  end(): void {
    this.#total = this.#places * (this.#now() - this.#begun);
  }

  get places(): number {
    return this.#places;
  }

  /** Wall time of all places, of which the parts are the parts. */
  get seconds(): number {
    return this.#total;
  }

  /** That the workers have said of their tasks. */
  get processorSeconds(): number {
    return this.#processorSeconds;
  }

  /** All parts; "other" is what is in none. */
  get parts(): ReadonlyMap<WorkerPart, Spent> {
    const parts = new Map<WorkerPart, Spent>(this.#parts);
    const waiting = this.#total - this.#starting - this.#working;
    parts.set('waiting', { seconds: waiting, count: 0 });
    parts.delete('other');
    const known = [...parts.values()].reduce((sum, { seconds }) => sum + seconds, 0);
    return parts.set('other', { seconds: this.#total - known, count: 0 });
  }

  async #settled<T>(promise: Promise<T>, then: (value: T | undefined) => void): Promise<void> {
    then(await promise.catch(() => undefined));
  }

  #add(part: WorkerPart, { seconds, count }: Spent): void {
    const entry = this.#parts.get(part) ?? { seconds: 0, count: 0 };
    this.#parts.set(part, { seconds: entry.seconds + seconds, count: entry.count + count });
  }
}
