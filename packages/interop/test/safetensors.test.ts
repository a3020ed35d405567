import { PrunebenchError } from '@prunebench/core';
import test from 'ava';
import { decodeSafetensors, encodeSafetensors } from '../src/index.ts';

/** A file put together by hand: the header's length, its text, the data's bytes in hexadecimal. */
function file(header: string, data = ''): Uint8Array {
  const length = Buffer.alloc(8);
  length.writeUInt32LE(Buffer.byteLength(header));
  return Buffer.concat([length, Buffer.from(header), Buffer.from(data.replaceAll(' ', ''), 'hex')]);
}

const entry = (dtype: string, shape: string, offsets: string) =>
  `{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}`;

test('reads bytes written by hand: IEEE 754 singles, bytes, integers, a scalar and metadata', (t) => {
  const header = `{"__metadata__":{"by":"hand"},"w":${entry('F32', '[2,1]', '[0,8]')},"m":${entry('U8', '[3]', '[8,11]')},"s":${entry('I32', '[]', '[11,15]')},"none":${entry('F64', '[0,4]', '[15,15]')}}`;
  // 1.0 = 3f800000, -2.5 = c0200000, 258 = 00000102, all little-endian
  const { tensors, metadata } = decodeSafetensors(file(header, '0000803f 000020c0 010001 02010000'));
  t.deepEqual(metadata, { by: 'hand' });
  t.deepEqual(tensors, {
    w: { shape: [2, 1], values: new Float32Array([1, -2.5]) },
    m: { shape: [3], values: new Uint8Array([1, 0, 1]) },
    s: { shape: [], values: new Int32Array([258]) },
    none: { shape: [0, 4], values: new Float64Array(0) },
  });
});

test('writes exactly these bytes: padded header, wider types first', (t) => {
  const bytes = encodeSafetensors({
    tensors: { mask: { shape: [1], values: new Uint8Array([1]) }, w: { shape: [1], values: new Float32Array([1]) } },
    metadata: {},
  });
  const header = `{"w":${entry('F32', '[1]', '[0,4]')},"mask":${entry('U8', '[1]', '[4,5]')}}`;
  const padded = header.padEnd(Math.ceil(header.length / 8) * 8, ' ');
  t.deepEqual(Buffer.from(bytes), Buffer.from(file(padded, '0000803f 01')));
});

test('gives back what it was given, bit by bit, at any alignment', (t) => {
  const content = {
    tensors: {
      'a/kernel': { shape: [2, 2], values: new Float32Array([Number.NaN, -0, 1e-45, Number.POSITIVE_INFINITY]) },
      wide: { shape: [1], values: new Float64Array([Math.PI]) },
      'mask:ä': { shape: [3], values: new Uint8Array([0, 255, 7]) },
    },
    metadata: { note: 'größer' },
  };
  const shifted = new Uint8Array(1 + encodeSafetensors(content).length);
  shifted.set(encodeSafetensors(content), 1);
  const read = decodeSafetensors(shifted.subarray(1));
  t.deepEqual(read.metadata, content.metadata);
  t.deepEqual(read.tensors, content.tensors);
  t.true(Object.is(read.tensors['a/kernel'].values[1], -0));
});

const w = entry('F32', '[1]', '[0,4]');
const faults: [why: string, bytes: Uint8Array, message: RegExp][] = [
  ['empty', new Uint8Array(0), /0 bytes/],
  ['absurd length', new Uint8Array(8).fill(255), /more than the format allows/],
  ['truncated header', file(`{"w":${w}}`).subarray(0, 20), /inside its header/],
  ['truncated data', file(`{"w":${w}}`, '000080'), /3 bytes of data where its header describes 4/],
  ['oversized data', file(`{"w":${w}}`, '0000803f00'), /5 bytes of data where its header describes 4/],
  ['not JSON', file('{"w":'), /not JSON/],
  ['not an object', file('[1]'), /not a JSON object/],
  ['metadata not text', file('{"__metadata__":{"a":1}}'), /__metadata__/],
  ['unknown type', file(`{"w":${entry('BF16', '[2]', '[0,4]')}}`, '00000000'), /BF16/],
  ['negative size', file(`{"w":${entry('F32', '[-1]', '[0,4]')}}`, '00000000'), /shape \[-1\]/],
  ['fractional size', file(`{"w":${entry('F32', '[0.5]', '[0,2]')}}`, '0000'), /shape \[0.5\]/],
  ['offsets and shape disagree', file(`{"w":${entry('F32', '[2]', '[0,4]')}}`, '00000000'), /takes 8 bytes/],
  ['offsets out of order', file(`{"w":${entry('F32', '[1]', '[4,0]')}}`, '00000000'), /takes 4 bytes/],
  ['overlap', file(`{"a":${w},"b":${entry('F32', '[1]', '[2,6]')}}`, '000000000000'), /b starts at byte 2/],
  ['hole', file(`{"a":${w},"b":${entry('F32', '[1]', '[8,12]')}}`, '000000000000000000000000'), /b starts at byte 8/],
];

for (const [why, bytes, message] of faults) {
  test(`refuses a corrupt file and names it: ${why}`, (t) => {
    const error = t.throws(() => decodeSafetensors(bytes, 'stages/x.safetensors'), {
      instanceOf: PrunebenchError,
      message,
    });
    t.true(error.message.startsWith('stages/x.safetensors '));
    t.truthy(error.remedy);
  });
}

test('a tensor whose values do not fill its shape is not written', (t) => {
  const tensors = { w: { shape: [2, 2], values: new Float32Array(3) } };
  t.throws(() => encodeSafetensors({ tensors, metadata: {} }), { message: /3 values where its shape \[2,2\] needs 4/ });
});
