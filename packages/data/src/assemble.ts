import { contentHash, type Dataset, PrunebenchError, type Split } from '@prunebench/core';
import { type ByteExamples, byteSplit, identityTable, imageSplit, normalisationTable } from './byte-split.ts';
import type { LoadOptions } from './dataset-entry.ts';
import type { DatasetManifest } from './manifest.ts';
import { type Partition, partition, partitionRecipe } from './partition.ts';

/** Examples before they are cut into splits. */
export interface RawExamples {
  /** [examples, ...inputShape] */
  readonly bytes: Uint8Array;
  readonly labels: Int32Array;
}

/** The bytes-to-values table that a manifest asks for. */
export function tableOf({ normalisation }: DatasetManifest): Float32Array {
  return normalisation ? normalisationTable(normalisation.mean, normalisation.deviation) : identityTable();
}

/**
 * A dataset with an original test set: its training set is cut into train, validation and calibration as the
 * manifest's sizes say.
 *
 * @throws PrunebenchError where the files have other numbers of examples than the manifest says, and for a limit that is no
 *   positive whole number
 */
export function assembleDataset(
  id: string,
  manifest: DatasetManifest,
  sets: { train: RawExamples; test: RawExamples },
  { limit }: LoadOptions = {},
): Dataset {
  requireSizes(id, manifest, sets);
  const sizes = carvedSizes(id, manifest);
  const parts = partition(sets.train.labels, manifest.classes, sizes);
  const table = tableOf(manifest);
  const training: ByteExamples = { ...sets.train, shape: manifest.inputShape, table };
  const test: ByteExamples = { ...sets.test, shape: manifest.inputShape, table };
  const from = (name: keyof Partition) => viewOf(training, limited(parts[name], limit));
  return {
    id,
    inputShape: manifest.inputShape,
    classes: manifest.classes,
    splits: {
      train: from('train'),
      validation: from('validation'),
      calibration: from('calibration'),
      test: viewOf(test, limited(allRows(sets.test), limit)),
    },
    checksum: assembledChecksum(id, manifest, limit),
  };
}

/** The checksum of the data set that `assembleDataset` makes. */
export function assembledChecksum(id: string, manifest: DatasetManifest, limit?: number): string {
  return datasetChecksum(manifest, { id, partition: partitionRecipe(carvedSizes(id, manifest)), limit });
}

/** Sizes of the splits that are carved from the training set. */
function carvedSizes(id: string, { splits }: DatasetManifest): { validation: number; calibration: number } {
  const { validation, calibration } = splits[id];
  return { validation, calibration };
}

function requireSizes(id: string, { title, splits }: DatasetManifest, sets: { train: RawExamples; test: RawExamples }) {
  const { train, validation, calibration, test } = splits[id];
  const wanted = { train: train + validation + calibration, test };
  for (const set of ['train', 'test'] as const) {
    const found = sets[set].labels.length;
    if (found !== wanted[set])
      throw new PrunebenchError(
        `${title}: "splits.${id}" of the manifest has ${wanted[set]} examples in the ${set} set, the files have ${found}.`,
        { remedy: 'Restore the manifest from version control.' },
      );
  }
}

/**
 * Digest of the source files' checksums, the normalisation and the recipe of the splits: equal checksums mean equal
 * batches.
 */
export function datasetChecksum(manifest: DatasetManifest, recipe: Readonly<Record<string, unknown>>): string {
  const files = manifest.files.map(({ path, sha256 }) => ({ path, sha256 }));
  return contentHash({ files, normalisation: manifest.normalisation, recipe });
}

/** The first `limit` of `rows`. */
export function limited(rows: Uint32Array, limit: number | undefined): Uint32Array {
  if (limit === undefined) return rows;
  if (!(Number.isInteger(limit) && limit > 0))
    throw new PrunebenchError(`The limit on a dataset's splits must be a positive whole number, found ${limit}.`);
  return rows.subarray(0, limit);
}

function allRows({ labels }: RawExamples): Uint32Array {
  return Uint32Array.from(labels, (_, row) => row);
}

function viewOf(examples: ByteExamples, rows: Uint32Array): Split {
  return examples.shape.length === 3 ? imageSplit(examples, rows) : byteSplit(examples, rows);
}
