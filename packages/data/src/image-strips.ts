import { messageOf, PrunebenchError, sizeOf } from '@prunebench/core';
import { decode } from 'fast-png';
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
  for (const [i, path] of paths.entries()) {
    onProgress(i / paths.length);
    const png = await readSourceFile(source, sourceFileAt(manifest, path));
    all.set(decodeStrip(png, manifest.inputShape, share, source, path), i * share);
  }
  onProgress(1);
  return all;
}

/**
 * The pixels of one strip: as many images as rows, each height x width RGB pixels wide.
 *
 * @throws PrunebenchError where it is no PNG, or one of another form than `expectedBytes` of such images have
 */
export function decodeStrip(
  png: Uint8Array,
  [height, width, channels]: readonly number[],
  expectedBytes: number,
  source: SourceFolder,
  path: string,
): Uint8Array {
  const columns = height * width;
  const rows = expectedBytes / (columns * channels);
  const expected = describe({ width: columns, height: rows, channels, depth: 8 });
  const requireForm = (image: ImageForm) => {
    if (describe(image) !== expected) throw badFile(source, path, `expected ${expected}, found ${describe(image)}`);
  };
  // Before decoding, which takes as much memory as the header claims.
  const claimed = claimedForm(png);
  if (claimed) requireForm(claimed);
  const image = decodePng(png, source, path);
  requireForm(image);
  // Values of 8 bits, as the form says: their bytes are the values.
  const { buffer, byteOffset, byteLength } = image.data;
  return new Uint8Array(buffer, byteOffset, byteLength);
}

interface ImageForm {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly depth: number;
}

function describe({ width, height, channels, depth }: ImageForm): string {
  return `${width} x ${height} pixels of ${channels} channels with ${depth} bits`;
}

/** Channels by colour type (PNG specification, section 11.2.1): grey, RGB, indexed, grey and alpha, RGB and alpha. */
const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
/** Signature, then the chunk that must come first: its length, its name, and its 13 bytes. */
const HEADER_END = 8 + 4 + 4 + 13;

/** What a PNG's header says; undefined where there is none that could be decoded. */
function claimedForm(png: Uint8Array): ImageForm | undefined {
  if (png.length < HEADER_END) return undefined;
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  const channels = CHANNELS[view.getUint8(25)];
  if (new TextDecoder('latin1').decode(png.subarray(12, 16)) !== 'IHDR' || channels === undefined) return undefined;
  return { width: view.getUint32(16), height: view.getUint32(20), channels, depth: view.getUint8(24) };
}

function decodePng(png: Uint8Array, source: SourceFolder, path: string) {
  try {
    return decode(png, { checkCrc: true });
  } catch (error) {
    throw badFile(source, path, `expected a PNG image, found what does not decode (${messageOf(error)})`);
  }
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
