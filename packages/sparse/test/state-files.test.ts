/** What goes into a dense or a sparse file comes out of it: parameters, every mask, the order of the layers. */
import {
  applyMasks,
  DivergenceError,
  type Masks,
  type ParameterRecord,
  PrunebenchError,
  type State,
} from '@prunebench/core';
import { decodeSafetensors, encodeSafetensors } from '@prunebench/interop';
import { convNet, randomParameters } from '@prunebench/testing';
import { mutations } from '@prunebench/testing/mutations';
import test from 'ava';
import { decodeDense, decodeSparse, encodeDense, encodeSparse } from '../src/index.ts';

const files = {
  dense: { encode: encodeDense, decode: decodeDense },
  sparse: { encode: encodeSparse, decode: decodeSparse },
};

const parameters = randomParameters(convNet());
const names = Object.keys(parameters);
/** What has masks: running statistics have none. */
const trained = names.filter((name) => !name.includes('/moving'));
const kernels = names.filter((name) => name.endsWith('/kernel'));

/** Masks that keep the values at the places where `keep` says so. */
function masksOf(keep: (i: number) => boolean, of = trained): Masks {
  return Object.fromEntries(of.map((name) => [name, Uint8Array.from(parameters[name].values, (_, i) => +keep(i))]));
}

function withValue(value: number, ...of: string[]): ParameterRecord {
  const changed = of.map((name) => [name, { ...parameters[name], values: parameters[name].values.with(1, value) }]);
  return { ...parameters, ...Object.fromEntries(changed) };
}

const states: Readonly<Record<string, State>> = {
  'no masks': { parameters, masks: {} },
  'kernels at 90 %': { parameters, masks: masksOf((i) => i % 10 !== 0, kernels) },
  'kernels, biases and batch norm at 50 %': { parameters, masks: masksOf((i) => i % 2 === 0) },
  'kernels, biases and batch norm at 10 %': { parameters, masks: masksOf((i) => i % 10 === 3) },
  'biases alone': { parameters, masks: masksOf((i) => i > 1, ['conv1/bias', 'fc2/bias']) },
  'everything removed': { parameters, masks: masksOf(() => false) },
  'masks that remove nothing': { parameters, masks: masksOf(() => true) },
  'kept weights that are 0': { parameters: withValue(0, ...trained), masks: masksOf((i) => i % 3 !== 0) },
  'kept weights that are -0': { parameters: withValue(-0, ...trained), masks: masksOf((i) => i % 9 === 1) },
  'kept weights that are the least number': { parameters: withValue(1e-45, ...trained), masks: masksOf((i) => i < 3) },
  'no parameters': { parameters: {}, masks: {} },
};

for (const [kind, { encode, decode }] of Object.entries(files))
  for (const [what, state] of Object.entries(states))
    test(`a ${kind} file gives the whole state back: ${what}`, (t) => {
      const read = decode(encode(state));
      const expected = applyMasks(state.parameters, state.masks);
      t.deepEqual(read, { parameters: expected, masks: state.masks });
      t.deepEqual(Object.keys(read.parameters), Object.keys(expected), 'layers keep their order');
      for (const [name, { values }] of Object.entries(expected))
        t.true(
          values.every((value, i) => Object.is(read.parameters[name].values[i], value)),
          name,
        );
    });

test('a dense file, byte by byte: masks that the values say take no bytes, others are U8', (t) => {
  const w = { shape: [3], values: new Float32Array([5, 6, 7]) };
  const bytes = encodeDense({
    parameters: { w, v: { shape: [2], values: new Float32Array([0, 9]) } },
    masks: { w: new Uint8Array([1, 0, 1]), v: new Uint8Array([1, 0]) },
  });
  const { tensors, metadata } = decodeSafetensors(bytes);
  t.deepEqual(tensors, {
    w: { shape: [3], values: new Float32Array([5, 0, 7]) },
    v: { shape: [2], values: new Float32Array([0, 0]) },
    'mask:v': { shape: [2], values: new Uint8Array([1, 0]) },
  });
  // Python's hashlib over names, element sizes, shapes and bytes, by name.
  t.deepEqual(metadata, {
    'mask:w': 'nonzero',
    sha256: '562b786745df23b3636f3a6ed2cb46e9bbd2a774881bb912be8c258bcdea020c',
  });
});

test('a file of another program has no masks, and its half-precision numbers are read', (t) => {
  const header = '{"w":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}}';
  const bytes = Buffer.concat([Buffer.from([header.length, 0, 0, 0, 0, 0, 0, 0]), Buffer.from(header)]);
  // 1 and -2.5
  t.deepEqual(decodeDense(Buffer.concat([bytes, Buffer.from('803f20c0', 'hex')])), {
    parameters: { w: { shape: [2], values: new Float32Array([1, -2.5]) } },
    masks: {},
  });
});

test('a sparse file of format 1 is read: no checksum, no masks but those of compressed kernels', (t) => {
  const bytes = encodeSafetensors({
    tensors: {
      'b/bias': { shape: [1], values: new Float32Array([4]) },
      'a/kernel:row_starts': { shape: [3], values: new Int32Array([0, 1, 2]) },
      'a/kernel:columns': { shape: [2], values: new Int32Array([2, 0]) },
      'a/kernel:values': { shape: [2], values: new Float32Array([8, 9]) },
    },
    metadata: { format: 'prunebench-sparse-1', 'shape:a/kernel': '[3,2]' },
  });
  t.deepEqual(decodeSparse(bytes), {
    parameters: {
      'a/kernel': { shape: [3, 2], values: new Float32Array([0, 9, 0, 0, 8, 0]) },
      'b/bias': { shape: [1], values: new Float32Array([4]) },
    },
    masks: { 'a/kernel': new Uint8Array([0, 1, 0, 0, 1, 0]) },
  });
});

for (const [kind, { encode, decode }] of Object.entries(files)) {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
    test(`a ${kind} file with the right checksum and a weight of ${value} is refused`, (t) => {
      const keepsIt = masksOf((i) => i % 10 === 1, kernels);
      for (const name of ['fc1/kernel', 'bn1/gamma'])
        t.throws(() => decode(encode({ parameters: withValue(value, name), masks: keepsIt }), 'x.safetensors'), {
          instanceOf: DivergenceError,
          message: `The network diverged: ${name} is ${value} at flat index 1 in x.safetensors.`,
        });
      const removesIt = masksOf((i) => i !== 1, ['fc1/kernel']);
      t.notThrows(() => decode(encode({ parameters: withValue(value, 'fc1/kernel'), masks: removesIt })));
    });

  test(`a damaged ${kind} file is refused, or it gives the state that it was written from`, (t) => {
    const small: State = {
      parameters: Object.fromEntries(['fc2/kernel', 'fc2/bias', 'conv1/bias'].map((name) => [name, parameters[name]])),
      masks: masksOf((i) => i % 6 === 0, ['fc2/kernel', 'conv1/bias']),
    };
    const good = encode(small);
    const whole = decode(good);
    let refused = 0;
    for (const { what, bytes } of mutations(good, 450)) {
      try {
        t.deepEqual(decode(bytes, what), whole, what);
      } catch (error) {
        t.true(error instanceof PrunebenchError && error.message.includes(what), `${what}: ${error}`);
        refused++;
      }
    }
    t.true(refused > 225, `${refused} refused`);
  });
}

/** A sparse file whose metadata was changed by hand. */
function changed(changes: Readonly<Record<string, string>>, without: RegExp = /^$/): Uint8Array {
  const state = { parameters, masks: masksOf((i) => i % 10 === 3, kernels) };
  const { tensors, metadata } = decodeSafetensors(encodeSparse(state));
  return encodeSafetensors({
    tensors: Object.fromEntries(Object.entries(tensors).filter(([name]) => !without.test(name))),
    metadata: { ...metadata, ...changes },
  });
}

const faults: [why: string, bytes: Uint8Array, message: RegExp][] = [
  ...['[3', '', 'null', '{}', '"20,6"', '[]', '[20,-6]', '[20,6.5]', '[20,"6"]', '[1e400,6]'].map(
    (shape): [string, Uint8Array, RegExp] => [
      `a shape ${shape}`,
      changed({ 'shape:fc1/kernel': shape }),
      /the shape of fc1\/kernel is .*, no list of sizes/,
    ],
  ),
  ['another shape', changed({ 'shape:fc1/kernel': '[20,7]' }), /fc1\/kernel do not fit its shape \[20,7\]/],
  ['a shape of a terabyte', changed({ 'shape:fc1/kernel': '[1000000000000,6]' }), /cannot stand for its shape/],
  ['a shape beyond all numbers', changed({ 'shape:fc1/kernel': `[${Array(40).fill(1e15)},6]` }), /cannot stand for/],
  [
    'a shape of a part that is no kernel',
    changed({ 'shape:fc1/kernel:columns': '[2]' }),
    /part of fc1\/kernel:columns/,
  ],
  ['a shape of nothing', changed({ 'shape:constructor': '[2]' }), /part of constructor is missing/],
  ['a rule that nobody knows', changed({ 'mask:bn1/beta': 'positive' }), /mask of bn1\/beta .* rule "positive"/],
  ['a mask of nothing', changed({ 'mask:toString': 'nonzero' }), /mask toString belongs to no parameter/],
  ['two masks of a kernel', changed({ 'mask:fc1/kernel': 'nonzero' }), /two masks of fc1\/kernel/],
  ['a layer missing', changed({}, /bn1\/movingMean/), /checksum/],
  [
    'a format of the future',
    changed({ format: 'prunebench-sparse-9' }),
    /"prunebench-sparse-9", not prunebench-sparse-2/,
  ],
];
for (const [why, bytes, message] of faults)
  test(`a sparse file with ${why} is one clear error`, (t) => {
    const error = t.throws<PrunebenchError>(() => decodeSparse(bytes, 'x.safetensors'), {
      instanceOf: PrunebenchError,
      message,
    });
    t.true(error.message.startsWith('x.safetensors '));
    t.truthy(error.remedy);
  });

test('columns that do not rise would make one weight of two', (t) => {
  const { tensors, metadata } = decodeSafetensors(encodeSparse({ parameters, masks: masksOf((i) => i % 10 === 3) }));
  const { 'fc1/kernel:row_starts': starts, 'fc1/kernel:columns': columns } = tensors;
  const row = starts.values.findIndex((start, i) => starts.values[i + 1] - start > 1);
  const values = (columns.values as Int32Array).with(starts.values[row] + 1, columns.values[starts.values[row]]);
  const bytes = encodeSafetensors({ tensors: { ...tensors, 'fc1/kernel:columns': { ...columns, values } }, metadata });
  t.throws(() => decodeSparse(bytes), { instanceOf: PrunebenchError, message: /columns of fc1\/kernel do not rise/ });
});

test('a kernel that stands there both dense and compressed is refused', (t) => {
  const { tensors, metadata } = decodeSafetensors(encodeSparse({ parameters, masks: masksOf((i) => i % 10 === 3) }));
  const bytes = encodeSafetensors({ tensors: { ...tensors, 'fc1/kernel': parameters['fc1/kernel'] }, metadata });
  t.throws(() => decodeSparse(bytes), { instanceOf: PrunebenchError, message: /it has fc1\/kernel twice/ });
});

test('masks that fit no parameter are a mistake of the caller', (t) => {
  for (const { encode } of Object.values(files)) {
    t.throws(() => encode({ parameters, masks: { 'fc9/kernel': new Uint8Array(3) } }), { instanceOf: PrunebenchError });
    t.throws(() => encode({ parameters, masks: { 'fc2/bias': new Uint8Array(4) } }), { instanceOf: PrunebenchError });
    t.throws(() => encode({ parameters, masks: { 'fc2/kernel': new Uint8Array(4) } }), { instanceOf: PrunebenchError });
    t.throws(() => encode({ parameters, masks: { 'fc2/bias': new Uint8Array([1, 2, 0]) } }), {
      instanceOf: RangeError,
    });
  }
});

test('an empty kernel of very many inputs stays dense, so that every file that is written can be read', (t) => {
  const wide: State = {
    parameters: { 'fc/kernel': { shape: [20_000, 2], values: new Float32Array(40_000) } },
    masks: { 'fc/kernel': new Uint8Array(40_000) },
  };
  t.deepEqual(decodeSparse(encodeSparse(wide)), wide);
});
