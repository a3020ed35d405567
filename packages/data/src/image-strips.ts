import { PrunebenchError, sizeOf } from '@prunebench/core';
import { z } from 'zod';
import type { RawExamples } from './assemble.ts';
import { cached } from './cache.ts';
import { checkedLabels, classCounts } from './labels.ts';
import { type DatasetManifest, sourceFileAt } from './manifest.ts';
import { parseJson } from './parse-json.ts';
import { readSourceFile } from './source-file.ts';
import { badFile, type SourceFolder } from './source-folder.ts';

/** Images as rows of large PNG files (row i is image i, pixel after pixel) and their labels as a JSON list. */
interface StripSet {
  readonly images: readonly string[];
  readonly labels: string;
}

export interface ImageStrips {
  readonly train: StripSet;
  readonly test: StripSet;
}

/**
 * Both sets of a dataset of RGB strips. Decoding happens once: afterwards the raw bytes come from the cache, checked
 * against the manifest's `decoded` entry. Every class must have equally many examples in each set.
 *
 * @throws PrunebenchError naming the file that is missing, damaged or not what its name says
 */
export async function loadImageStrips(
  source: SourceFolder,
  cache: SourceFolder,
  manifest: DatasetManifest,
  strips: ImageStrips,
  onProgress: (fraction: number) => void = () => {},
): Promise<{ train: RawExamples; test: RawExamples }> {
  const { decoded } = manifest;
  if (!decoded) throw new Error(`The manifest of ${manifest.title} has no entry "decoded".`);
  const paths = [...strips.train.images, ...strips.test.images];
  const imageBytes = sizeOf(manifest.inputShape);
  const perStrip = decoded.bytes / imageBytes / paths.length;
  if (!Number.isInteger(perStrip))
    throw new PrunebenchError(
      `${manifest.title}: "decoded.bytes" of the manifest is ${decoded.bytes}, no multiple of ${paths.length} files of images of ${imageBytes} bytes.`,
      { remedy: 'Restore the manifest from version control.' },
    );
  const labels = {
    train: await readLabels(source, manifest, strips.train, perStrip),
    test: await readLabels(source, manifest, strips.test, perStrip),
  };
  const bytes = await cached(cache, decoded, () => decodeAll(source, manifest, paths, decoded.bytes, onProgress));
  const testStart = labels.train.length * imageBytes;
  return {
    train: { bytes: bytes.subarray(0, testStart), labels: labels.train },
    test: { bytes: bytes.subarray(testStart), labels: labels.test },
  };
}

async function decodeAll(
  source: SourceFolder,
  manifest: DatasetManifest,
  paths: readonly string[],
  total: number,
  onProgress: (fraction: number) => void,
): Promise<Uint8Array> {
  const all = new Uint8Array(total);
  const share = total / paths.length;
  // The decoder is a large library, for images that are decoded once.
  const { decodeStrip } = await import('./decode-strip.ts');
  for (const [i, path] of paths.entries()) {
    onProgress(i / paths.length);
    const png = await readSourceFile(source, sourceFileAt(manifest, path));
    all.set(decodeStrip(png, manifest.inputShape, share, source, path), i * share);
  }
  onProgress(1);
  return all;
}

/** The labels of a set whose strips have `perStrip` images each. */
async function readLabels(
  source: SourceFolder,
  manifest: DatasetManifest,
  { images, labels: path }: StripSet,
  perStrip: number,
): Promise<Int32Array> {
  const text = new TextDecoder().decode(await readSourceFile(source, sourceFileAt(manifest, path)));
  const list = z.array(z.number()).safeParse(parseJson(text));
  if (!list.success) throw badFile(source, path, 'expected a JSON list of class numbers, found something else');
  const wanted = perStrip * images.length;
  if (list.data.length !== wanted)
    throw badFile(source, path, `expected ${wanted} labels, one for each image, found ${list.data.length}`);
  const labels = checkedLabels(list.data, manifest.classes, source, path);
  requireEqualClasses(labels, manifest.classes, source, path);
  return labels;
}

/** @throws PrunebenchError naming the first class that has more or fewer examples than its share */
function requireEqualClasses(labels: Int32Array, classes: number, source: SourceFolder, path: string): void {
  const share = labels.length / classes;
  classCounts(labels, classes).forEach((count, k) => {
    if (count !== share) throw badFile(source, path, `expected ${share} labels of class ${k}, found ${count}`);
  });
}
