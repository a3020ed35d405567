import { join } from 'node:path';
import { type Benchmark, PrunebenchError } from '@prunebench/core';
import { exists } from '@prunebench/files';
import type { PublishedRow } from '@prunebench/report';
import { loadPublished, publishedValues } from '@prunebench/report/published';
import type { BenchmarkEntry } from '../benchmark-folders.ts';

/** The rows of a benchmark's published.csv, and where they were read. */
export interface Published {
  readonly published: readonly PublishedRow[];
  readonly publishedFile?: string;
}

/**
 * What a benchmark's folder has of published values; one that refers to none needs no file.
 *
 * @throws PrunebenchError for a file that is missing or faulty, and for references of a benchmark that has no folder
 */
export async function publishedOf(benchmark: Benchmark, { folder, plugin }: BenchmarkEntry): Promise<Published> {
  const refers = benchmark.published.length > 0;
  if (folder === undefined) {
    if (!refers) return { published: [] };
    throw new PrunebenchError(
      `Benchmark ${benchmark.id} of ${plugin} refers to published values, and does not say where its published.csv lies.`,
      { remedy: 'Give it a folder: `folder: import.meta.dirname` is that of the plugin. Or leave `published` empty.' },
    );
  }
  const publishedFile = join(folder, 'published.csv');
  if (!refers && !(await exists(publishedFile))) return { published: [] };
  return { published: await loadPublished(publishedFile), publishedFile };
}

/**
 * Whether a report will be able to put a benchmark's published values beside its own: to be asked before anything is trained.
 *
 * @throws PrunebenchError as `publishedOf` does, and for a reference that matches no row, or stands beside no series
 */
export async function checkPublished(benchmark: Benchmark, entry: BenchmarkEntry): Promise<void> {
  const { published, publishedFile } = await publishedOf(benchmark, entry);
  publishedValues(benchmark, published, publishedFile);
}
