import { type DatasetEntry, PrunebenchError, scales } from '@prunebench/core';
import { trialsOf } from '../plan/trials-of.ts';
import type { Registry } from '../registry.ts';
import type { Finding } from './check.ts';

/**
 * Loads a dataset, which checks the checksums of all its files.
 *
 * @param needed whether something that can be run has trials on it: then nothing works without it, else it is an offer
 */
export async function checkDataset(entry: DatasetEntry, needed: boolean): Promise<Finding> {
  const subject = `dataset ${entry.id}`;
  try {
    const { splits, checksum } = await entry.load();
    const sizes = Object.entries(splits).map(([name, { size }]) => `${name} ${size}`);
    return { status: 'ok', subject, detail: `${sizes.join(', ')}; checksum ${checksum.slice(0, 12)}` };
  } catch (error) {
    if (!(error instanceof PrunebenchError)) throw error;
    const detail = needed ? error.message : `${error.message.replace(/\.$/, '')}; no benchmark needs it`;
    return { status: needed ? 'fail' : 'warn', subject, detail, remedy: error.remedy ?? '' };
  }
}

/** The data sets that benchmarks have trials on, at any scale; a benchmark whose declaration is at fault is passed over. */
export async function neededDatasets(registry: Pick<Registry, 'benchmarks'>): Promise<ReadonlySet<string>> {
  const needed = new Set<string>();
  for (const entry of registry.benchmarks.values()) {
    try {
      const declared = await entry.load();
      for (const scale of scales) for (const { dataset } of trialsOf(declared, scale)) needed.add(dataset);
    } catch (error) {
      if (!(error instanceof PrunebenchError)) throw error;
    }
  }
  return needed;
}
