/** What the time of a process that computes stages goes into. */
export type Part =
  | 'data'
  | 'compile'
  | 'batches'
  | 'dense steps'
  | 'sparse steps'
  | 'steps not compiled'
  | 'rest of training'
  | 'evaluation'
  | 'batches of evaluation'
  | 'scoring'
  | 'pruning'
  | 'read states'
  | 'write states'
  | 'records'
  | 'other';

/** Seconds of one part, and how often it was entered. */
export interface Spent {
  readonly seconds: number;
  readonly count: number;
}

/**
 * Splits the time of one process into parts, of which one is on at any moment: a part within another takes its time from that one, so
 * all of them together are the whole, and nothing is counted twice. Off until `start`, when it costs a comparison.
 */
export class SpentTime<Name extends string> {
  readonly #now: () => number;
  readonly #rest: Name;
  #spent = new Map<Name, { seconds: number; count: number }>();
  #current: Name | undefined;
  #since = 0;

  /**
   * @param rest the part of what is in no other
   * @param now seconds on a clock that never goes back
   */
  constructor(rest: Name, now: () => number = () => performance.now() / 1000) {
    this.#rest = rest;
    this.#now = now;
  }

  /** Counts from here on, whatever was counted before. */
  start(): void {
    this.#spent = new Map();
    this.#current = this.#rest;
    this.#since = this.#now();
  }

  /** What was spent since `start`; nothing is counted any more. */
  stop(): ReadonlyMap<Name, Spent> {
    if (this.#current !== undefined) this.#turnTo(this.#current);
    this.#current = undefined;
    return this.#spent;
  }

  /** Runs `work` as this part. What is awaited in it is a part of it: nothing else may be measured beside it. */
  during<T>(part: Name, work: () => Promise<T>): Promise<T>;
  during<T>(part: Name, work: () => T): T;
  during(part: Name, work: () => unknown): unknown {
    const before = this.#current;
    if (before === undefined) return work();
    this.#turnTo(part);
    this.#entry(part).count++;
    let waits = false;
    try {
      const result = work();
      if (!(result instanceof Promise)) return result;
      waits = true;
      // The caller gets the promise that leaves the part first.
      return result.finally(() => this.#turnTo(before));
    } finally {
      if (!waits) this.#turnTo(before);
    }
  }

  /** The same items, the work of making them being this part, which each of them enters once. */
  *making<T>(part: Name, items: () => Iterable<T>): Generator<T, void, undefined> {
    const before = this.#current;
    if (before === undefined) return yield* items();
    this.#turnTo(part);
    try {
      for (const item of items()) {
        this.#entry(part).count++;
        this.#turnTo(before);
        yield item;
        this.#turnTo(part);
      }
    } finally {
      this.#turnTo(before);
    }
  }

  #turnTo(part: Name): void {
    if (this.#current === undefined) return;
    const now = this.#now();
    this.#entry(this.#current).seconds += now - this.#since;
    this.#current = part;
    this.#since = now;
  }

  #entry(part: Name): { seconds: number; count: number } {
    let entry = this.#spent.get(part);
    if (!entry) {
      entry = { seconds: 0, count: 0 };
      this.#spent.set(part, entry);
    }
    return entry;
  }
}

/** Of this process. One for all, because the loops that it measures are far from who asks for it. */
export const spentTime = new SpentTime<Part>('other');
