import type { Dataset, DatasetEntry } from '@prunebench/core';
import type { DatasetManifest } from './manifest.ts';

export interface LoadOptions {
  /** Keeps at most so many examples of each split (its first ones): for quick looks, never for published numbers. */
  readonly limit?: number;
  /** Called while a slow first load goes on (decoding), with the share done in [0, 1]. */
  readonly onProgress?: (fraction: number) => void;
}

/** Whether a dataset's files are there (their content is checked when it is loaded). */
export type Availability =
  | { readonly available: true }
  | { readonly available: false; readonly reason: string; readonly remedy: string };

/** A dataset of the suite. All but the id comes from its manifest. */
export interface SuiteDataset extends DatasetEntry {
  readonly manifest: DatasetManifest;
  /** The checksum of the data set that `load` gives without a limit. */
  readonly checksum: string;
  availability(): Promise<Availability>;
  /** @throws PrunebenchError naming the file that is missing or damaged, and how to get it again */
  load(options?: LoadOptions): Promise<Dataset>;
}
