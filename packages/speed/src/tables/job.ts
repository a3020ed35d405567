import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import type { Dataset, KernelInitializer, Split, SplitName } from '@prunebench/core';

/** A step that trials have in common, as far as they have the same steps before it. */
export interface JobNode {
  readonly key: string;
  /** The node whose state it begins with; null: fresh weights. */
  readonly parent: string | null;
  readonly network: string;
  readonly seed: number;
  /** With all its options, defaults too. */
  readonly step: { readonly kind: string; readonly options: Readonly<Record<string, unknown>> };
  /** Whether a record says the accuracy of the state behind it. */
  readonly evaluate: boolean;
}

export interface JobTrial {
  readonly name: string;
  readonly series: string;
  readonly sparsity: number;
  readonly seed: number;
  /** Keys of its nodes, first step first. */
  readonly nodes: readonly string[];
}

/** Trials of a table as plain data, for who knows nothing of benchmarks: what both sides compute. */
export interface TableJob {
  readonly table: string;
  readonly dataset: string;
  readonly inputShape: readonly number[];
  readonly classes: number;
  readonly trainExamples: number;
  /** How the weights of each network begin. */
  readonly networks: Readonly<Record<string, KernelInitializer>>;
  /** Every node behind its parent. */
  readonly nodes: readonly JobNode[];
  readonly trials: readonly JobTrial[];
  /** Series that neither side computes, because the peer has no criterion of theirs. */
  readonly leftOut: readonly { readonly series: string; readonly why: string }[];
}

/** Images of a chunk that is written at once. */
const CHUNK = 1000;

/**
 * Writes the job with its data into a folder: images as normalised numbers, so that the peer has nothing to read that is not a tensor.
 *
 * @returns the path of the job
 */
export async function writeJob(job: TableJob, dataset: Dataset, folder: string): Promise<string> {
  const splits: Record<string, { images: string; labels: string }> = {};
  for (const name of ['train', 'validation', 'calibration', 'test'] satisfies SplitName[]) {
    const files = { images: join(folder, `${name}.images`), labels: join(folder, `${name}.labels`) };
    await writeImages(dataset.splits[name], job.inputShape, files.images);
    await writeFile(files.labels, dataset.splits[name].labels);
    splits[name] = files;
  }
  const path = join(folder, 'job.json');
  await writeFile(path, JSON.stringify({ ...job, splits }));
  return path;
}

async function writeImages(split: Split, inputShape: readonly number[], path: string): Promise<void> {
  const size = inputShape.reduce((product, length) => product * length, 1);
  const stream = createWriteStream(path);
  for (let start = 0; start < split.size; start += CHUNK) {
    const indices = Array.from({ length: Math.min(CHUNK, split.size - start) }, (_, i) => start + i);
    const values = new Float32Array(indices.length * size);
    split.fill(indices, values);
    if (!stream.write(Buffer.from(values.buffer))) await once(stream, 'drain');
  }
  stream.end();
  await finished(stream);
}
