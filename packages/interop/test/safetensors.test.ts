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
  ['header after a blank', file(` {"w":${w}}`, '0000803f'), /does not begin with "\{"/],
  ['header after a byte order mark', file(`\ufeff{"w":${w}}`, '0000803f'), /not JSON/],
  ['metadata that is null', file('{"__metadata__":null}'), /__metadata__/],
  ['unknown type', file(`{"w":${entry('F8_E4M3', '[4]', '[0,4]')}}`, '00000000'), /w has the type "F8_E4M3".*BF16/],
  ['type that every object has', file(`{"w":${entry('constructor', '[4]', '[0,4]')}}`, '00000000'), /"constructor"/],
  ['same tensor twice', file(`{"w":${w},"w":${w}}`, '0000803f'), /the key "w" twice/],
  ['same tensor twice, once in escapes', file(`{"w":${w},"\\u0077" :${w}}`, '0000803f'), /the key "w" twice/],
  ['same metadata twice', file('{"__metadata__":{"a":"1","b":"{","a":"2"}}'), /the key "a" twice/],
  ['two metadata', file('{"__metadata__":{},"__metadata__":{}}'), /the key "__metadata__" twice/],
  [
    'two types',
    file('{"w":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}', '0000803f'),
    /dtype" twice/,
  ],
  ['huge shape', file(`{"w":${entry('F32', '[4294967296,4294967296]', '[0,4]')}}`, '00000000'), /takes .* bytes/],
  ['endless shape', file(`{"w":${entry('F32', `[${Array(40).fill(1e15)},0]`, '[0,0]')}}`), /takes NaN bytes/],
  [
    'shape nested a million deep',
    file(`{"w":${entry('U8', `${'['.repeat(1e6)}${']'.repeat(1e6)}`, '[0,0]')}}`),
    /shape/,
  ],
  [
    'shape of a million sizes',
    file(`{"w":${entry('U8', `[${'1,'.repeat(1e6)}-1]`, '[0,1]')}}`),
    /shape \[1,1,.{70,80}$/,
  ],
  ['no shape', file('{"w":{"dtype":"U8","data_offsets":[0,0]}}'), /shape undefined/],
  ['data far behind the end', file(`{"w":${entry('U8', '[1099511627776]', '[0,1099511627776]')}}`), /0 bytes of data/],
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

test('keys that differ, and equal keys of different objects, are no repetition', (t) => {
  const header = `{"__metadata__":{"a":"{\\"b\\":1,\\"b\\":2}","b":"a"},"a":${w},"A":${entry('F32', '[1]', '[4,8]')}}`;
  t.deepEqual(Object.keys(decodeSafetensors(file(header, '0000803f 00000040')).tensors), ['a', 'A']);
});

test('a tensor may have any name', (t) => {
  const names = ['__proto__', 'constructor', 'toString', ''];
  const header = names.map((name, i) => `"${name}":${entry('U8', '[1]', `[${i},${i + 1}]`)}`);
  const { tensors } = decodeSafetensors(file(`{${header}}`, '00010203'));
  t.deepEqual(
    Object.entries(tensors).map(([name, { values }]) => [name, ...values]),
    names.map((name, i) => [name, i]),
  );
  t.deepEqual(decodeSafetensors(encodeSafetensors({ tensors, metadata: {} })).tensors, tensors);
});

// The bytes and the numbers beside them are NumPy's (1.24): the bytes viewed as that type, converted to float.
const foreign: [dtype: string, data: string, values: number[] | Float32Array][] = [
  [
    'F16',
    '003c 00c1 ff7b 0100 5535 007c 0080 ff03',
    [1, -2.5, 65504, 2 ** -24, 0.333251953125, Number.POSITIVE_INFINITY, -0, 6.097555160522461e-5],
  ],
  [
    'BF16',
    '803f 20c0 7f7f 0100 ab3e 80ff 0080',
    [1, -2.5, 3.3895313892515355e38, 9.183549615799121e-41, 0.333984375, Number.NEGATIVE_INFINITY, -0],
  ],
  ['I8', 'ff 80 7f', [-1, -128, 127]],
  ['I16', 'ffff 0080 0100', [-1, -32768, 1]],
  ['U16', 'ffff 0001', [65535, 256]],
  ['U32', '00000001 000000ff', [2 ** 24, 255 * 2 ** 24]],
  // 1, -3, 2^24, and 2^40, which float32 has although it lacks most of its neighbours.
  ['I64', '0100000000000000 fdffffffffffffff 0000000100000000 0000000000010000', [1, -3, 2 ** 24, 2 ** 40]],
  ['U64', '0000000000000080', [2 ** 63]],
];
for (const [dtype, data, values] of foreign)
  test(`${dtype} is read as float32, bit by bit`, (t) => {
    const bytes = file(
      `{"w":${entry(dtype, `[${values.length}]`, `[0,${data.replaceAll(' ', '').length / 2}]`)}}`,
      data,
    );
    const { w } = decodeSafetensors(bytes).tensors;
    t.deepEqual(w, { shape: [values.length], values: Float32Array.from(values) });
    t.true(values.every((value, i) => Object.is(w.values[i], Math.fround(value))));
  });

test('truth values are bytes of 0 and 1, as masks are', (t) => {
  const { m } = decodeSafetensors(file(`{"m":${entry('BOOL', '[3]', '[0,3]')}}`, '010001')).tensors;
  t.deepEqual(m, { shape: [3], values: new Uint8Array([1, 0, 1]) });
});

const unreadable: [dtype: string, data: string, message: RegExp][] = [
  ['I64', '0000000000000000 0100000100000000', /tensor w \(I64\) has 16777217 at index 1: float32 has no such number/],
  ['I64', 'ffffffffffffff7f', /9223372036854775807 at index 0/],
  ['U64', 'ffffffffffffffff', /18446744073709551615 at index 0/],
  ['U32', '01000001', /16777217 at index 0/],
  ['BOOL', '000102', /tensor w \(BOOL\) has 2 at index 2: a truth value is 0 or 1/],
];
for (const [dtype, data, message] of unreadable)
  test(`${dtype} ${data} is refused by name, not rounded`, (t) => {
    const size = data.replaceAll(' ', '').length / 2;
    const count = size / { I64: 8, U64: 8, U32: 4, BOOL: 1 }[dtype]!;
    const bytes = file(`{"w":${entry(dtype, `[${count}]`, `[0,${size}]`)}}`, data);
    t.truthy(
      t.throws<PrunebenchError>(() => decodeSafetensors(bytes), { instanceOf: PrunebenchError, message }).remedy,
    );
  });

test('a tensor whose values do not fill its shape is not written', (t) => {
  const tensors = { w: { shape: [2, 2], values: new Float32Array(3) } };
  t.throws(() => encodeSafetensors({ tensors, metadata: {} }), { message: /3 values where its shape \[2,2\] needs 4/ });
});
