import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatasetManifest } from '../src/manifest.ts';

/** An IDX file of bytes, written by hand from the format's definition. */
export function idxFile(shape: readonly number[], values: readonly number[]): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header[2] = 8;
  header[3] = shape.length;
  shape.forEach((size, axis) => {
    header.writeUInt32BE(size, 4 + 4 * axis);
  });
  return Buffer.concat([header, Buffer.from(values)]);
}

export const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** 12 training and 4 test images of 2 x 2 pixels in two classes; pixel p of training image i is 4 i + p. */
export const tinyFiles = {
  'train-images': idxFile(
    [12, 2, 2],
    Array.from({ length: 48 }, (_, i) => i),
  ),
  'train-labels': idxFile(
    [12],
    Array.from({ length: 12 }, (_, i) => i % 2),
  ),
  'test-images': idxFile(
    [4, 2, 2],
    Array.from({ length: 16 }, (_, i) => 200 + i),
  ),
  'test-labels': idxFile([4], [0, 1, 1, 0]),
};

export const tinyPairs = {
  train: { images: 'train-images', labels: 'train-labels' },
  test: { images: 'test-images', labels: 'test-labels' },
};

export type Files = Readonly<Record<string, Buffer>>;

/** The manifest that believes in exactly these files. */
export function tinyManifest(files: Files): DatasetManifest {
  return {
    title: 'Tiny',
    source: { kind: 'generated', homepage: 'https://example.org' },
    licence: 'none',
    citation: { authors: 'A', title: 'T', year: 2000, venue: 'V', url: 'https://example.org' },
    files: Object.entries(files).map(([path, bytes]) => ({ path, bytes: bytes.length, sha256: digest(bytes) })),
    inputShape: [2, 2, 1],
    classes: 2,
    normalisation: { mean: [0.5], deviation: [0.25] },
    splits: { tiny: { train: 6, validation: 4, calibration: 2, test: 4 } },
    splitRule: 'as told',
  };
}

export async function writeFiles(folder: string, files: Files): Promise<void> {
  for (const [path, bytes] of Object.entries(files)) await writeFile(join(folder, path), bytes);
}
