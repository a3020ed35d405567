import { unavailable } from './availability.ts';
import type { SuiteDataset } from './dataset-entry.ts';

/** The manifest says the shape. */
type FromManifest = Omit<SuiteDataset, 'shape'>;

/**
 * An entry that is made when something is first asked of it beside its id: where its manifest cannot be read, whoever asks gets
 * that error, and every other dataset is as usable as before.
 */
export function deferredEntry(id: string, make: () => FromManifest): SuiteDataset {
  return new DeferredEntry(id, make);
}

/** A class, because its accessors are not listed: who looks through all values of all entries asks nothing of them. */
class DeferredEntry implements SuiteDataset {
  readonly id: string;
  readonly availability: SuiteDataset['availability'];
  readonly load: SuiteDataset['load'];
  readonly #entry: () => FromManifest;

  constructor(id: string, make: () => FromManifest) {
    let made: FromManifest | undefined;
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

  get shape() {
    const { inputShape, classes } = this.#entry().manifest;
    return { inputShape, classes };
  }

  get manifest() {
    return this.#entry().manifest;
  }

  get checksum() {
    return this.#entry().checksum;
  }
}
