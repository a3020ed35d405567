import { setImmediate } from 'node:timers/promises';

const INTERVAL_MILLISECONDS = 100;

/** Lets signals, timers and messages have their turn now and then during a long computation. */
export class EventLoopTurns {
  readonly #signal: AbortSignal | undefined;
  #last = performance.now();

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
    signal?.throwIfAborted();
  }

  get due(): boolean {
    return performance.now() - this.#last > INTERVAL_MILLISECONDS;
  }

  /** @throws the signal's reason when it was aborted meanwhile */
  async take(): Promise<void> {
    await setImmediate();
    this.#signal?.throwIfAborted();
    this.#last = performance.now();
  }
}
