import { unavailable } from './availability.ts';
import type { DatasetEntry } from './dataset-entry.ts';

/**
 * An entry that is made when something is first asked of it beside its id: where its manifest cannot be read, whoever asks gets
 * that error, and every other dataset is as usable as before.
 */
export function deferredEntry(id: string, make: () => DatasetEntry): DatasetEntry {
  let made: DatasetEntry | undefined;
  const entry = () => {
    made ??= make();
    return made;
  };
  return {
    id,
    get title() {
      return entry().title;
    },
    get manifest() {
      return entry().manifest;
    },
    async availability() {
      try {
        return await entry().availability();
      } catch (error) {
        return unavailable(error);
      }
    },
    load: async (options) => entry().load(options),
  };
}
