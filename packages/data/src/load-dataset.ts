import { type Dataset, PrunebenchError } from '@prunebench/core';
import { closest } from 'fastest-levenshtein';
import { cifar10 } from './cifar10.ts';
import type { LoadOptions, SuiteDataset } from './dataset-entry.ts';
import { fashionMnist } from './fashion-mnist.ts';
import { mnist, mnistSigned, mnistUnit } from './mnist.ts';
import { monks } from './monk.ts';

/** Every dataset that can be named. */
export const datasets: readonly SuiteDataset[] = [mnist, mnistUnit, mnistSigned, fashionMnist, cifar10, ...monks];

/**
 * The dataset `id` with its four splits.
 *
 * @throws PrunebenchError for an unknown id (with the nearest known one), and for files that are missing or damaged
 */
export async function loadDataset(id: string, options: LoadOptions = {}): Promise<Dataset> {
  const entry = datasets.find((candidate) => candidate.id === id);
  if (entry) return entry.load(options);
  const ids = datasets.map((candidate) => candidate.id);
  throw new PrunebenchError(`There is no dataset "${id}"; the nearest name is ${closest(id, ids)}.`, {
    remedy: `Choose one of ${ids.join(', ')}.`,
  });
}
