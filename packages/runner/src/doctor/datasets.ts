import { type DatasetEntry, PrunebenchError } from '@prunebench/core';
import type { Finding } from './check.ts';

/** Loads a dataset, which checks the checksums of all its files. */
export async function checkDataset(entry: DatasetEntry): Promise<Finding> {
  const subject = `dataset ${entry.id}`;
  try {
    const { splits, checksum } = await entry.load();
    const sizes = Object.entries(splits).map(([name, { size }]) => `${name} ${size}`);
    return { status: 'ok', subject, detail: `${sizes.join(', ')}; checksum ${checksum.slice(0, 12)}` };
  } catch (error) {
    if (!(error instanceof PrunebenchError)) throw error;
    return { status: 'warn', subject, detail: error.message, remedy: error.remedy ?? '' };
  }
}
