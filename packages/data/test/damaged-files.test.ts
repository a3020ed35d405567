/** Every way in which a file may be damaged ends in the same content, or in one clear error that names the file. */
import { execFileSync } from 'node:child_process';
import { mkdir, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { PrunebenchError } from '@prunebench/core';
import { mutations } from '@prunebench/testing/mutations';
import test, { type ExecutionContext } from 'ava';
import { encode } from 'fast-png';
import { decodeStrip } from '../src/decode-strip.ts';
import { parseIdx } from '../src/idx.ts';
import { checkContent, readSourceFile } from '../src/source-file.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { digest, idxFile } from './tiny-idx.ts';

const COUNT = 450;
const source = { folder: '/data', remedy: 'Fetch it.' };

/** Reads `COUNT` damaged copies of a file; what is no clear error must be `acceptable`. */
function fuzz<T>(
  t: ExecutionContext,
  good: Uint8Array,
  read: (bytes: Uint8Array) => T,
  acceptable: (value: T) => boolean,
) {
  let refused = 0;
  for (const { what, bytes } of mutations(good, COUNT)) {
    try {
      t.true(acceptable(read(bytes)), what);
    } catch (error) {
      t.true(error instanceof PrunebenchError && error.message.startsWith('/data/file: '), `${what}: ${error}`);
      refused++;
    }
  }
  return refused;
}

test('a damaged IDX file is refused, or has as many values as before', (t) => {
  const values = Array.from({ length: 12 }, (_, i) => i);
  const read = (bytes: Uint8Array) => parseIdx(bytes, [3, 2, 2], source, 'file');
  t.true(fuzz(t, idxFile([3, 2, 2], values), read, ({ length }) => length === 12) > COUNT / 2);
});

test('a damaged PNG is refused, or has as many pixels as before', (t) => {
  const data = Uint8Array.from({ length: 72 }, (_, i) => 3 * i);
  const png = encode({ width: 6, height: 4, data, channels: 3, depth: 8 });
  const read = (bytes: Uint8Array) => decodeStrip(bytes, [2, 3, 3], 72, source, 'file');
  t.deepEqual(read(png), data);
  t.true(fuzz(t, png, read, ({ length }) => length === 72) > COUNT / 2);
});

test('no damage gets past the checksum', (t) => {
  const good = Buffer.from('[0,1,1,0,0,1,1,0]');
  const file = { path: 'file', bytes: good.length, sha256: digest(good) };
  const read = (bytes: Uint8Array) => {
    checkContent(source, file, bytes);
    return bytes;
  };
  t.true(fuzz(t, good, read, (bytes) => good.equals(bytes)) > COUNT / 2);
});

test('a damaged gzip is refused, or gives the same bytes', async (t) => {
  const folder = await temporaryFolder(t);
  const good = Buffer.from('zeros and ones, '.repeat(20));
  let refused = 0;
  for (const { what, bytes } of mutations(gzipSync(good), 90)) {
    const file = { path: `${what}.gz`, bytes: good.length, sha256: digest(good) };
    await writeFile(join(folder, file.path), bytes);
    try {
      t.deepEqual(await readSourceFile({ folder, remedy: 'Fetch it.' }, file), good, what);
    } catch (error) {
      t.true(
        error instanceof PrunebenchError && error.message.startsWith(join(folder, file.path)),
        `${what}: ${error}`,
      );
      refused++;
    }
  }
  t.true(refused > 45, `${refused} refused`);
});

/** A PNG of one chunk that claims a size; its bytes end there. */
function claimed(width: number, height: number): Buffer {
  const chunk = Buffer.alloc(8 + 13 + 4);
  chunk.writeUInt32BE(13);
  chunk.write('IHDR', 4, 'latin1');
  chunk.writeUInt32BE(width, 8);
  chunk.writeUInt32BE(height, 12);
  chunk.set([8, 2, 0, 0, 0], 16);
  return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), chunk]);
}

test('a PNG that claims another size is refused before it is decoded', (t) => {
  t.throws(() => decodeStrip(claimed(0xffffffff, 0xffffffff), [2, 3, 3], 72, source, 'file'), {
    instanceOf: PrunebenchError,
    message:
      '/data/file: expected 6 x 4 pixels of 3 channels with 8 bits, found 4294967295 x 4294967295 pixels of 3 channels with 8 bits.',
  });
});

const good = Buffer.from('0123456789');
const expected = { bytes: good.length, sha256: digest(good) };
/** What can lie where a source file is expected. */
const impostors: [what: string, name: string, make: (path: string) => Promise<unknown>, message: RegExp][] = [
  ['a folder', 'f', (path) => mkdir(path), / is a folder, where a file is needed/],
  ['a pipe', 'f', async (path) => execFileSync('mkfifo', [path]), / is a named pipe/],
  ['an endless device', 'f', (path) => symlink('/dev/zero', path), / is a device/],
  ['a link to itself', 'f', (path) => symlink(path, path), /A link leads back to itself/],
  ['gigabytes of nothing', 'f', (path) => sparse(path, 5e9), /too long: expected 10 bytes, found 5000000000/],
  [
    'a gzip of more',
    'f.gz',
    (path) => writeFile(path, gzipSync('0123456789a')),
    /too long: expected 10 bytes, found more/,
  ],
  ['a gzip of far more', 'f.gz', (path) => writeFile(path, gzipSync(Buffer.alloc(1e7))), /10 bytes, found more/],
  [
    'a gzip of two parts',
    'f.gz',
    (path) => writeFile(path, Buffer.concat([gzipSync(good), gzipSync(good)])),
    /10 bytes, found more/,
  ],
  ['a gzip of gigabytes', 'f.gz', (path) => sparse(path, 5e9), /10 bytes, found 5000000000 compressed/],
  ['a gzip of less', 'f.gz', (path) => writeFile(path, gzipSync('012345678')), /truncated: expected 10 bytes, found 9/],
  ['a gzip cut off', 'f.gz', (path) => writeFile(path, gzipSync(good).subarray(0, 15)), /expected gzipped data/],
];
async function sparse(path: string, bytes: number): Promise<void> {
  await writeFile(path, '');
  await truncate(path, bytes);
}
for (const [what, path, make, message] of impostors)
  test(`${what} in place of a source file is one clear error, at once`, async (t) => {
    const folder = await temporaryFolder(t);
    await make(join(folder, path));
    const read = readSourceFile({ folder, remedy: 'Fetch it.' }, { path, ...expected });
    const error = await t.throwsAsync<PrunebenchError>(read, { instanceOf: PrunebenchError, message });
    t.true(error.message.startsWith(`${join(folder, path)}: `));
    t.is(error.remedy, 'Fetch it.');
    await rm(join(folder, path), { recursive: true });
  });
