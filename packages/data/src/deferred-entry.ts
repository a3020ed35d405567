import { unavailable } from './availability.ts';
import type { DatasetEntry } from './dataset-entry.ts';

/**
 * An entry that is made when something is first asked of it beside its id: where its manifest cannot be read, whoever asks gets
 * that error, and every other dataset is as usable as before.
 */
export function deferredEntry(id: string, make: () => DatasetEntry): DatasetEntry {
  return new DeferredEntry(id, make);
}

/** A class, because its accessors are not listed: who looks through all values of all entries asks nothing of them. */
class DeferredEntry implements DatasetEntry {
  readonly id: string;
  readonly availability: DatasetEntry['availability'];
  readonly load: DatasetEntry['load'];
  readonly #entry: () => DatasetEntry;

  constructor(id: string, make: () => DatasetEntry) {
    let made: DatasetEntry | undefined;
    this.#entry = () => {
      made ??= make();
      return made;
    };
    this.id = id;
    this.availability = async () => {
      try {
        return await this.#entry().availability();
      } catch (error) {
        return unavailable(error);
      }
    };
    this.load = async (options) => this.#entry().load(options);
  }

  get title() {
    return this.#entry().title;
  }

  get manifest() {
    return this.#entry().manifest;
  }

  get checksum() {
    return this.#entry().checksum;
  }
}
