import { decode } from 'fast-png';
import { z } from 'zod';
import type { RawExamples } from './assemble.ts';
import { cached } from './cache.ts';
import { checkedLabels, classCounts } from './labels.ts';
import { type DatasetManifest, sourceFileAt } from './manifest.ts';
import { badFile, readSourceFile, type SourceFolder } from './source-file.ts';

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
  const labels = {
    train: await readLabels(source, manifest, strips.train.labels),
    test: await readLabels(source, manifest, strips.test.labels),
  };
  const { decoded } = manifest;
  if (!decoded) throw new Error(`The manifest of ${manifest.title} has no entry "decoded".`);
  const paths = [...strips.train.images, ...strips.test.images];
  const bytes = await cached(cache, decoded, () => decodeAll(source, manifest, paths, decoded.bytes, onProgress));
  const imageBytes = manifest.inputShape.reduce((product, size) => product * size, 1);
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
  for (const [i, path] of paths.entries()) {
    onProgress(i / paths.length);
    const png = await readSourceFile(source, sourceFileAt(manifest, path));
    all.set(decodeStrip(png, manifest.inputShape, share, source, path), i * share);
  }
  onProgress(1);
  return all;
}

/** The pixels of one strip: as many images as rows, each height x width RGB pixels wide. */
function decodeStrip(
  png: Uint8Array,
  [height, width, channels]: readonly number[],
  expectedBytes: number,
  source: SourceFolder,
  path: string,
): Uint8Array {
  const image = decodePng(png, source, path);
  const columns = height * width;
  const rows = expectedBytes / (columns * channels);
  const found = `${image.width} x ${image.height} pixels of ${image.channels} channels with ${image.depth} bits`;
  if (image.width !== columns || image.height !== rows || image.channels !== channels || image.depth !== 8)
    throw badFile(
      source,
      path,
      `expected ${columns} x ${rows} pixels of ${channels} channels with 8 bits, found ${found}`,
    );
  return image.data as Uint8Array;
}

function decodePng(png: Uint8Array, source: SourceFolder, path: string) {
  try {
    return decode(png, { checkCrc: true });
  } catch (error) {
    throw badFile(source, path, `expected a PNG image, found what does not decode (${(error as Error).message})`);
  }
}

async function readLabels(source: SourceFolder, manifest: DatasetManifest, path: string): Promise<Int32Array> {
  const text = new TextDecoder().decode(await readSourceFile(source, sourceFileAt(manifest, path)));
  const list = z.array(z.number()).safeParse(parseJson(text));
  if (!list.success) throw badFile(source, path, 'expected a JSON list of class numbers, found something else');
  const labels = checkedLabels(list.data, manifest.classes, source, path);
  requireEqualClasses(labels, manifest.classes, source, path);
  return labels;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** @throws PrunebenchError naming the first class that has more or fewer examples than its share */
function requireEqualClasses(labels: Int32Array, classes: number, source: SourceFolder, path: string): void {
  const share = labels.length / classes;
  classCounts(labels, classes).forEach((count, k) => {
    if (count !== share) throw badFile(source, path, `expected ${share} labels of class ${k}, found ${count}`);
  });
}
