import { PrunebenchError } from '@prunebench/core';
import type { Availability } from './dataset-entry.ts';
import type { DatasetManifest } from './manifest.ts';
import { firstMissing } from './source-file.ts';
import type { SourceFolder } from './source-folder.ts';

/** Whether every file of the manifest is in the folder; a source that cannot be located counts as missing. */
export async function availabilityOf(manifest: DatasetManifest, locate: () => SourceFolder): Promise<Availability> {
  try {
    const source = locate();
    const missing = await firstMissing(source, manifest.files);
    if (missing === undefined) return { available: true };
    return { available: false, reason: `${missing} is missing.`, remedy: source.remedy };
  } catch (error) {
    return unavailable(error);
  }
}

/** What a clear error says about a dataset that is asked whether it is there; any other error is thrown on. */
export function unavailable(error: unknown): Availability {
  if (!(error instanceof PrunebenchError)) throw error;
  return { available: false, reason: error.message, remedy: error.remedy ?? '' };
}
