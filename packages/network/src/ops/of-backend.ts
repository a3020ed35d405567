import { getBackend } from '@tensorflow/tfjs-core';

/** What backends bring along besides kernels, by their names in tfjs. */
export class OfBackend<T> {
  readonly #entries = new Map<string, T>();

  /** @param entry undefined: no longer */
  register(backend: string, entry: T | undefined): void {
    if (entry === undefined) this.#entries.delete(backend);
    else this.#entries.set(backend, entry);
  }

  /** Of the current backend. */
  get current(): T | undefined {
    return this.#entries.get(getBackend());
  }
}
