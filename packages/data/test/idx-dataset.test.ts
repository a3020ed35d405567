import { appendFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { PrunebenchError } from '@prunebench/core';
import test, { type ExecutionContext } from 'ava';
import { assembleDataset } from '../src/assemble.ts';
import { idxDataset } from '../src/idx-dataset.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { type Files, idxFile, tinyFiles, tinyManifest, tinyPairs, writeFiles } from './tiny-idx.ts';

async function tinyEntry(t: ExecutionContext, files: Files = tinyFiles) {
  const folder = await temporaryFolder(t);
  await writeFiles(folder, files);
  return {
    folder,
    entry: idxDataset('tiny', tinyManifest(files), tinyPairs, () => ({ folder, remedy: 'Get it again.' })),
  };
}

test('the splits share out the training images and normalise them', async (t) => {
  const { entry } = await tinyEntry(t);
  const { splits, inputShape, classes } = await entry.load();
  t.deepEqual(inputShape, [2, 2, 1]);
  t.is(classes, 2);
  const seen: number[] = [];
  for (const name of ['train', 'validation', 'calibration'] as const) {
    const out = new Float32Array(splits[name].size * 4);
    splits[name].fill([...Array(splits[name].size).keys()], out);
    for (let i = 0; i < splits[name].size; i++) {
      const pixels = [...out.subarray(4 * i, 4 * i + 4)].map((value) => Math.round((value * 0.25 + 0.5) * 255));
      const image = pixels[0] / 4;
      t.deepEqual(pixels, [4 * image, 4 * image + 1, 4 * image + 2, 4 * image + 3]);
      t.is(splits[name].labels[i], image % 2);
      seen.push(image);
    }
  }
  t.deepEqual(
    seen.sort((a, b) => a - b),
    [...Array(12).keys()],
  );
  t.deepEqual([...splits.test.labels], [0, 1, 1, 0]);
});

test('a limit keeps the first examples, and says so in the checksum', async (t) => {
  const { entry } = await tinyEntry(t);
  const [whole, part] = [await entry.load(), await entry.load({ limit: 3 })];
  t.deepEqual(
    Object.values(part.splits).map(({ size }) => size),
    [3, 3, 2, 3],
  );
  t.deepEqual(part.splits.train.labels, whole.splits.train.labels.slice(0, 3));
  t.not(part.checksum, whole.checksum);
  await t.throwsAsync(entry.load({ limit: 0 }), { instanceOf: PrunebenchError, message: /limit.*found 0/ });
});

async function refuses(t: ExecutionContext, entry: { load(): Promise<unknown> }, file: string, message: RegExp) {
  const error = await t.throwsAsync<PrunebenchError>(entry.load(), { instanceOf: PrunebenchError, message });
  t.true(error.message.startsWith(`${file}: `), error.message);
  t.is(error.remedy, 'Get it again.');
}

const damages: [string, (path: string) => Promise<unknown>, RegExp][] = [
  ['missing', (path) => rm(path), /missing/],
  ['truncated', (path) => truncate(path, 63), /truncated: expected 64 bytes, found 63/],
  ['empty', (path) => truncate(path, 0), /truncated: expected 64 bytes, found 0/],
  ['too long', (path) => appendFile(path, 'x'), /too long: expected 64 bytes, found 65/],
  ['changed in one bit', (path) => writeFile(path, flipped()), /expected SHA-256 [0-9a-f]{64}, found [0-9a-f]{64}/],
];
for (const [name, damage, message] of damages)
  test(`one clear error for images that are ${name}`, async (t) => {
    const { folder, entry } = await tinyEntry(t);
    const path = join(folder, 'train-images');
    await damage(path);
    await refuses(t, entry, path, message);
  });

function flipped(): Buffer {
  const bytes = Buffer.from(tinyFiles['train-images']);
  bytes[40] ^= 1;
  return bytes;
}

const mislabelled: [string, string, Buffer, RegExp][] = [
  ['labels in the place of images', 'train-images', tinyFiles['train-labels'], /magic number 0x00000803/],
  ['images of another size', 'train-images', idxFile([12, 4, 1], Array(48).fill(0)), /found 12 x 4 x 1/],
  ['a label that is no class', 'test-labels', idxFile([4], [0, 1, 2, 0]), /labels 0 to 1, found 2 at position 2/],
  ['fewer labels than images', 'train-labels', idxFile([11], Array(11).fill(0)), /expected dimensions 12, found 11/],
];
for (const [name, path, bytes, message] of mislabelled)
  test(`one clear error for ${name}, even where the checksum agrees`, async (t) => {
    const { folder, entry } = await tinyEntry(t, { ...tinyFiles, [path]: bytes });
    await refuses(t, entry, join(folder, path), message);
  });

test('a manifest with other numbers of examples than the files is one clear error', async (t) => {
  const { folder } = await tinyEntry(t);
  const manifest = tinyManifest(tinyFiles);
  const sets = {
    train: { bytes: new Uint8Array(48), labels: new Int32Array(12) },
    test: { bytes: new Uint8Array(16), labels: new Int32Array(4) },
  };
  t.notThrows(() => assembleDataset('tiny', manifest, sets));
  const splits = { tiny: { ...manifest.splits.tiny, train: 7 } };
  t.throws(() => assembleDataset('tiny', { ...manifest, splits }, sets), {
    instanceOf: PrunebenchError,
    message: 'Tiny: "splits.tiny" of the manifest has 13 examples in the train set, the files have 12.',
  });
  const entry = idxDataset('tiny', { ...manifest, splits }, tinyPairs, () => ({ folder, remedy: 'Get it again.' }));
  await refuses(t, entry, join(folder, 'train-images'), /expected dimensions 13 x 2 x 2, found 12 x 2 x 2/);
});

test('availability names the missing file and the remedy', async (t) => {
  const { folder, entry } = await tinyEntry(t);
  t.deepEqual(await entry.availability(), { available: true });
  await rm(join(folder, 'test-labels'));
  t.deepEqual(await entry.availability(), {
    available: false,
    reason: `${join(folder, 'test-labels')} is missing.`,
    remedy: 'Get it again.',
  });
});

/** The same dataset gzipped: the manifest speaks of what is inside. */
async function gzippedEntry(t: ExecutionContext) {
  const gz = (files: Files) => Object.fromEntries(Object.entries(files).map(([path, b]) => [`${path}.gz`, b]));
  const folder = await temporaryFolder(t);
  await writeFiles(
    folder,
    Object.fromEntries(Object.entries(gz(tinyFiles)).map(([path, bytes]) => [path, gzipSync(bytes)])),
  );
  const pairs = {
    train: { images: 'train-images.gz', labels: 'train-labels.gz' },
    test: { images: 'test-images.gz', labels: 'test-labels.gz' },
  };
  const source = { folder, remedy: 'Get it again.' };
  return { folder, entry: idxDataset('tiny', tinyManifest(gz(tinyFiles)), pairs, () => source) };
}

test('gzipped files give the same examples', async (t) => {
  const [plain, gzipped] = [(await tinyEntry(t)).entry, (await gzippedEntry(t)).entry];
  const pixels = async (entry: typeof plain) => {
    const { test: split } = (await entry.load()).splits;
    const out = new Float32Array(16);
    split.fill([0, 1, 2, 3], out);
    return [...out, ...split.labels];
  };
  t.deepEqual(await pixels(gzipped), await pixels(plain));
});

test('one clear error for what does not decompress, or decompresses to too much or too little', async (t) => {
  const { folder, entry } = await gzippedEntry(t);
  const path = join(folder, 'train-images.gz');
  await writeFile(path, 'no gzip');
  await refuses(t, entry, path, /expected gzipped data/);
  await writeFile(path, gzipSync(tinyFiles['train-images']).subarray(0, 40));
  await refuses(t, entry, path, /expected gzipped data/);
  await writeFile(path, gzipSync(Buffer.alloc(1000)));
  await refuses(t, entry, path, /too long: expected 64 bytes, found more/);
  await writeFile(path, gzipSync(Buffer.alloc(10)));
  await refuses(t, entry, path, /truncated: expected 64 bytes, found 10/);
});
