import { execFileSync } from 'node:child_process';
import { mkdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PrunebenchError } from '@prunebench/core';
import { onNotice } from '@prunebench/files';
import test, { type ExecutionContext } from 'ava';
import { encode } from 'fast-png';
import { loadImageStrips } from '../src/image-strips.ts';
import type { DatasetManifest } from '../src/manifest.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { digest, type Files, tinyManifest, writeFiles } from './tiny-idx.ts';

/** 4 images a strip of 2 x 3 RGB pixels; `first` tells the strips apart. */
const pixels = (first: number) => Uint8Array.from({ length: 4 * 18 }, (_, i) => first + i);
const strip = (first: number, width = 6, height = 4) =>
  Buffer.from(encode({ width, height, data: pixels(first), channels: 3, depth: 8 }));

const goodFiles = {
  'a.png': strip(0),
  'b.png': strip(80),
  'test.png': strip(160),
  'train.json': Buffer.from('[0,1,1,0,0,1,1,0]'),
  'test.json': Buffer.from('[1,0,1,0]'),
};
const strips = {
  train: { images: ['a.png', 'b.png'], labels: 'train.json' },
  test: { images: ['test.png'], labels: 'test.json' },
};
const decodedBytes = Buffer.concat([pixels(0), pixels(80), pixels(160)]);

async function setUp(t: ExecutionContext, files: Files = goodFiles) {
  const folder = await temporaryFolder(t);
  const cacheFolder = join(await temporaryFolder(t), 'deep', 'cache');
  await writeFiles(folder, files);
  const manifest: DatasetManifest = {
    ...tinyManifest(files),
    inputShape: [2, 3, 3],
    decoded: { path: 'images.rgb', bytes: decodedBytes.length, sha256: digest(decodedBytes) },
  };
  const progress: number[] = [];
  const load = () =>
    loadImageStrips(
      { folder, remedy: 'Get it again.' },
      { folder: cacheFolder, remedy: 'Make it writable.' },
      manifest,
      strips,
      (fraction) => progress.push(fraction),
    );
  return { folder, cacheFolder, manifest, progress, load };
}

test('rows of the strips are images, in the order of the files', async (t) => {
  const { load, progress } = await setUp(t);
  const { train, test: held } = await load();
  t.deepEqual([...train.bytes], [...pixels(0), ...pixels(80)]);
  t.deepEqual([...held.bytes], [...pixels(160)]);
  t.deepEqual([...train.labels], [0, 1, 1, 0, 0, 1, 1, 0]);
  t.deepEqual([...held.labels], [1, 0, 1, 0]);
  t.deepEqual(progress, [0, 1 / 3, 2 / 3, 1]);
});

test('decoding happens once; a damaged cache is made again', async (t) => {
  const { load, progress, cacheFolder, folder } = await setUp(t);
  await load();
  const kept = join(cacheFolder, 'images.rgb');
  t.deepEqual(await readFile(kept), decodedBytes);
  await load();
  t.is(progress.length, 4);
  for (const damage of [
    () => truncate(kept, 100),
    () => writeFile(kept, Buffer.alloc(decodedBytes.length)),
    () => rm(kept),
  ]) {
    progress.length = 0;
    await damage();
    const { train } = await load();
    t.deepEqual([...train.bytes], [...pixels(0), ...pixels(80)]);
    t.is(progress.length, 4);
    t.deepEqual(await readFile(kept), decodedBytes);
  }
  await rm(join(folder, 'a.png'));
  await t.notThrowsAsync(load(), 'the cache stands in for the images');
});

test('loads at the same time do not disturb each other and leave one file', async (t) => {
  const { load, cacheFolder } = await setUp(t);
  const loads = await Promise.all(Array.from({ length: 4 }, load));
  for (const { train } of loads) t.deepEqual([...train.bytes], [...pixels(0), ...pixels(80)]);
  t.is((await stat(join(cacheFolder, 'images.rgb'))).size, decodedBytes.length);
});

const faults: [string, Partial<Record<keyof typeof goodFiles, Buffer>>, string, RegExp][] = [
  ['an image that is no PNG', { 'b.png': Buffer.from('GIF89a') }, 'b.png', /expected a PNG image/],
  ['a PNG cut off in the middle', { 'b.png': strip(80).subarray(0, 60) }, 'b.png', /expected a PNG image/],
  [
    'a strip of another size',
    { 'test.png': strip(160, 4, 6) },
    'test.png',
    /expected 6 x 4 pixels of 3 channels with 8 bits, found 4 x 6/,
  ],
  ['labels that are no JSON', { 'train.json': Buffer.from('[0,1') }, 'train.json', /expected a JSON list/],
  ['labels that are no list', { 'train.json': Buffer.from('{"0":1}') }, 'train.json', /expected a JSON list/],
  [
    'a label that is no class',
    { 'test.json': Buffer.from('[1,0,2,0]') },
    'test.json',
    /labels 0 to 1, found 2 at position 2/,
  ],
  ['fewer labels than images', { 'test.json': Buffer.from('[1,0]') }, 'test.json', /expected 4 labels.*, found 2/],
  [
    'more labels than images',
    { 'train.json': Buffer.from('[0,1,1,0,0,1,1,0,1,0]') },
    'train.json',
    /expected 8 labels, one for each image, found 10/,
  ],
  [
    'classes that are not equally large',
    { 'test.json': Buffer.from('[1,0,1,1]') },
    'test.json',
    /expected 2 labels of class 0, found 1/,
  ],
];
for (const [name, changed, path, message] of faults)
  test(`one clear error for ${name}`, async (t) => {
    const { load, folder } = await setUp(t, { ...goodFiles, ...changed });
    const error = await t.throwsAsync<PrunebenchError>(load(), { instanceOf: PrunebenchError, message });
    t.true(error.message.startsWith(`${join(folder, path)}: `));
    t.is(error.remedy, 'Get it again.');
  });

test('a manifest whose decoded size is none of whole images is named', async (t) => {
  const { load, manifest } = await setUp(t);
  Object.assign(manifest.decoded!, { bytes: decodedBytes.length - 18 });
  await t.throwsAsync(load(), {
    instanceOf: PrunebenchError,
    message: /Tiny: "decoded\.bytes" of the manifest is 198/,
  });
});

test('pixels that differ from what the manifest promises are not kept', async (t) => {
  const { load, cacheFolder } = await setUp(t, { ...goodFiles, 'b.png': strip(81) });
  await t.throwsAsync(load(), { instanceOf: PrunebenchError, message: /images\.rgb: the checksum differs/ });
  await t.throwsAsync(stat(join(cacheFolder, 'images.rgb')));
});

test('a cache that cannot be written is said so once, and the data is there all the same', async (t) => {
  const { load, cacheFolder } = await setUp(t);
  await mkdir(join(cacheFolder, '..'), { recursive: true });
  await writeFile(cacheFolder, 'a file where the folder should be');
  const notices: string[] = [];
  const silence = onNotice((line) => notices.push(line));
  for (const _ of ['first', 'second']) t.deepEqual([...(await load()).test.bytes], [...pixels(160)]);
  silence();
  const own = notices.filter((line) => line.includes(cacheFolder));
  t.is(own.length, 1, own.join('\n'));
  t.regex(own[0], /not kept/);
});

test('a pipe in the place of the cached data is not waited for', async (t) => {
  const { load, cacheFolder } = await setUp(t);
  await mkdir(cacheFolder, { recursive: true });
  execFileSync('mkfifo', [join(cacheFolder, 'images.rgb')]);
  t.deepEqual([...(await load()).test.bytes], [...pixels(160)]);
});
