/** Networks of PyTorch: values that say where they stood, and a forward pass written out in PyTorch's own layouts. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineNetwork, PrunebenchError, parameterSpecs } from '@prunebench/core';
import { batchNorm, conv2d, dense, flatten, relu, sequential } from '@prunebench/core/layers';
import test from 'ava';
import { convertFromPyTorch, encodeSafetensors, fromPyTorch, type SafetensorsTensor } from '../src/index.ts';

/** 2 x 3 pixels of 2 channels -> 3 channels by 1 x 2 -> 4 units. */
const network = defineNetwork({
  name: 'net',
  inputShape: [2, 3, 2],
  layers: sequential([
    conv2d('conv', 3, [1, 2], { padding: 'valid' }),
    batchNorm('bn'),
    relu('relu'),
    flatten('flatten'),
    dense('fc', 4, { useBias: false }),
  ]),
});

/** Every value is its place in PyTorch's array, plus an offset. */
function counted(shape: readonly number[], offset = 0): SafetensorsTensor {
  const size = shape.reduce((product, axis) => product * axis, 1);
  return { shape, values: Float32Array.from({ length: size }, (_, i) => i + offset) };
}

const STATE: Readonly<Record<string, SafetensorsTensor>> = {
  'conv.weight': counted([3, 2, 1, 2]),
  'conv.bias': counted([3], 100),
  'bn.weight': counted([3], 200),
  'bn.bias': counted([3], 300),
  'bn.running_mean': counted([3], 400),
  'bn.running_var': counted([3], 500),
  'bn.num_batches_tracked': { shape: [], values: Float32Array.of(7) },
  'fc.weight': counted([4, 12]),
};

test('kernels are transposed, and what reads an image that was flattened is put in order', (t) => {
  const parameters = convertFromPyTorch(STATE, network, {}, 'x.safetensors');
  t.deepEqual(
    Object.entries(parameters).map(([name, { shape }]) => [name, shape]),
    parameterSpecs(network).map(({ name, shape }) => [name, shape]),
  );
  const conv = parameters['conv/kernel'].values;
  // Theirs [out, in, y, x] = out * 4 + in * 2 + x; ours [y, x, in, out].
  for (const out of [0, 1, 2])
    for (const input of [0, 1]) for (const x of [0, 1]) t.is(conv[(x * 2 + input) * 3 + out], out * 4 + input * 2 + x);
  const fc = parameters['fc/kernel'].values;
  // 3 channels of 2 x 2: theirs is feature c * 4 + y * 2 + x of a unit, ours (y * 2 + x) * 3 + c.
  for (const unit of [0, 1, 2, 3])
    for (const c of [0, 1, 2])
      for (const pixel of [0, 1, 2, 3]) t.is(fc[(pixel * 3 + c) * 4 + unit], unit * 12 + c * 4 + pixel);
  t.deepEqual([...parameters['conv/bias'].values], [100, 101, 102]);
  t.deepEqual([...parameters['bn/gamma'].values], [200, 201, 202]);
  t.deepEqual([...parameters['bn/movingVariance'].values], [500, 501, 502]);
});

test('a dense layer behind another keeps its order, and modules may have other names', (t) => {
  const mlp = defineNetwork({
    name: 'mlp',
    inputShape: [2],
    layers: sequential([dense('a', 3, { useBias: false }), relu('r'), dense('b', 1)]),
  });
  const state = { '0.weight': counted([3, 2]), '2.weight': counted([1, 3]), '2.bias': counted([1], 9) };
  const parameters = convertFromPyTorch(state, mlp, { a: '0', b: '2' }, 'x');
  t.deepEqual([...parameters['a/kernel'].values], [0, 2, 4, 1, 3, 5]);
  t.deepEqual([...parameters['b/kernel'].values], [0, 1, 2]);
  t.deepEqual([...parameters['b/bias'].values], [9]);
});

const { 'fc.weight': fc, ...withoutFc } = STATE;
const faulty: readonly (readonly [string, typeof STATE, Readonly<Record<string, string>>, RegExp, RegExp])[] = [
  [
    'lacks a tensor',
    withoutFc,
    {},
    /^x has no tensor fc\.weight, for layer "fc" of network net\.$/,
    /\{ fc: '<module>' \}/,
  ],
  [
    'has it under a name like it',
    { ...withoutFc, 'fc1.weight': fc },
    {},
    /no tensor fc\.weight/,
    /reads is fc1\.weight/,
  ],
  [
    'has more layers',
    { ...STATE, 'head.weight': counted([2]) },
    {},
    /no layer of network net reads: head\.weight\.$/,
    /./,
  ],
  [
    'has another shape',
    { ...STATE, 'fc.weight': counted([4, 10]) },
    {},
    /fc\.weight has the shape \[4,10\], layer "fc" needs \[4,12\]/,
    /./,
  ],
  [
    'is of double precision',
    { ...STATE, 'conv.bias': { shape: [3], values: new Float64Array(3) } },
    {},
    /conv\.bias is not of type F32/,
    /model\.float\(\)/,
  ],
  [
    'is named for a layer that there is not',
    STATE,
    { fc9: 'fc' },
    /has no layer "fc9"/,
    /Its layers are conv, bn, relu, flatten, fc\./,
  ],
];

for (const [what, state, modules, says, remedy] of faulty)
  test(`a file that ${what} is one clear error`, (t) => {
    const error = t.throws(() => convertFromPyTorch(state, network, modules, 'x'), { instanceOf: PrunebenchError });
    t.regex(error.message, says);
    t.regex(error.remedy ?? '', remedy);
  });

test('the file is read when it is asked for; other weights, and other names, have another checksum', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'pytorch-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const write = async (name: string, tensors: typeof STATE) => {
    const file = join(folder, name);
    await writeFile(file, encodeSafetensors({ tensors, metadata: {} }));
    return file;
  };
  const file = await write('a.safetensors', STATE);
  const own = fromPyTorch(file);
  const { 'fc/kernel': kernel } = await own.load(network);
  t.deepEqual(kernel.shape, [12, 4]);
  t.is(own.checksum, fromPyTorch(await write('b.safetensors', STATE)).checksum);
  t.not(own.checksum, fromPyTorch(file, { fc: 'fc' }).checksum);
  t.not(
    own.checksum,
    fromPyTorch(await write('c.safetensors', { ...STATE, 'fc.weight': counted([4, 12], 1) })).checksum,
  );
  const broken = fromPyTorch(
    await write('d.safetensors', { ...STATE, 'bn.bias': { shape: [3], values: Float32Array.of(1, Number.NaN, 1) } }),
  );
  await t.throwsAsync(broken.load(network), { instanceOf: PrunebenchError, message: /bn\/beta/ });
  const none = fromPyTorch(join(folder, 'none.safetensors'));
  const error = t.throws(() => none.checksum, { instanceOf: PrunebenchError });
  t.regex(error.message, /none\.safetensors cannot be read/);
  t.regex(error.remedy ?? '', /how-to-prune-a-trained-network\.md/);
});
