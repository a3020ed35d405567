import { assembleDataset, assembledChecksum, type RawExamples } from './assemble.ts';
import { availabilityOf } from './availability.ts';
import type { SuiteDataset } from './dataset-entry.ts';
import { parseIdx } from './idx.ts';
import { checkedLabels } from './labels.ts';
import { type DatasetManifest, type ManifestNeeds, sourceFileAt } from './manifest.ts';
import { readSourceFile } from './source-file.ts';
import type { SourceFolder } from './source-folder.ts';

/** The paths of a pair of IDX files. */
interface IdxPair {
  readonly images: string;
  readonly labels: string;
}

interface IdxPairs {
  readonly train: IdxPair;
  readonly test: IdxPair;
}

/** What such a dataset's manifest must have. */
export function idxNeeds(id: string, { train, test }: IdxPairs): ManifestNeeds {
  return { ids: [id], paths: [train.images, train.labels, test.images, test.labels], axes: 3 };
}

/** A dataset in MNIST's form: two pairs of IDX files, images and labels. */
export function idxDataset(
  id: string,
  manifest: DatasetManifest,
  pairs: IdxPairs,
  locate: () => SourceFolder,
): Omit<SuiteDataset, 'shape'> {
  return {
    id,
    title: manifest.title,
    manifest,
    checksum: assembledChecksum(id, manifest),
    availability: () => availabilityOf(manifest, locate),
    async load(options) {
      const source = locate();
      const { train, validation, calibration, test } = manifest.splits[id];
      return assembleDataset(
        id,
        manifest,
        {
          train: await readPair(source, manifest, pairs.train, train + validation + calibration),
          test: await readPair(source, manifest, pairs.test, test),
        },
        options,
      );
    },
  };
}

async function readPair(
  source: SourceFolder,
  manifest: DatasetManifest,
  pair: IdxPair,
  count: number,
): Promise<RawExamples> {
  const images = await readSourceFile(source, sourceFileAt(manifest, pair.images));
  const labels = await readSourceFile(source, sourceFileAt(manifest, pair.labels));
  const [height, width] = manifest.inputShape;
  return {
    bytes: parseIdx(images, [count, height, width], source, pair.images),
    labels: checkedLabels(parseIdx(labels, [count], source, pair.labels), manifest.classes, source, pair.labels),
  };
}
