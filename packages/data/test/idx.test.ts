import { PrunebenchError } from '@prunebench/core';
import test from 'ava';
import { parseIdx } from '../src/idx.ts';
import { idxFile } from './tiny-idx.ts';

const source = { folder: '/data', remedy: 'Fetch it.' };
const parse = (bytes: Uint8Array, shape: number[]) => parseIdx(bytes, shape, source, 'images');

test('gives the values behind the header without copying them', (t) => {
  const file = idxFile([2, 1, 3], [1, 2, 3, 4, 5, 255]);
  const values = parse(file, [2, 1, 3]);
  t.deepEqual([...values], [1, 2, 3, 4, 5, 255]);
  t.is(values.buffer, file.buffer);
  t.is(values.byteOffset, file.byteOffset + 16);
});

const good = idxFile([2, 2], [1, 2, 3, 4]);
const faults: [string, Buffer, RegExp][] = [
  ['an empty file', Buffer.alloc(0), /truncated: expected an IDX header of 12 bytes, found 0 bytes/],
  ['half a header', good.subarray(0, 11), /truncated: expected an IDX header/],
  ['a missing byte', good.subarray(0, 15), /truncated: expected 16 bytes, found 15/],
  ['a byte too many', Buffer.concat([good, Buffer.from([0])]), /too long: expected 16 bytes, found 17/],
  ['labels where images should be', idxFile([12], [...Array(12).keys()]), /magic number 0x00000802.*found 0x00000801/],
  ['floats', Buffer.from([0, 0, 13, 2, ...good.subarray(4)]), /magic number 0x00000802.*found 0x00000d02/],
  ['text', Buffer.from('<!doctype html>'), /magic number 0x00000802.*found 0x3c21646f/],
  ['other dimensions', idxFile([1, 4], [1, 2, 3, 4]), /expected dimensions 2 x 2, found 1 x 4/],
  ['a dimension beyond 31 bits', idxFile([0xffffffff, 2], [1, 2, 3, 4]), /found 4294967295 x 2/],
];
for (const [name, bytes, message] of faults)
  test(`refuses ${name}`, (t) => {
    const error = t.throws(() => parse(bytes, [2, 2]), { instanceOf: PrunebenchError, message });
    t.true(error.message.startsWith('/data/images: '));
    t.is((error as PrunebenchError).remedy, 'Fetch it.');
  });
