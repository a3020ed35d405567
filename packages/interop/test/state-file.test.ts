import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DivergenceError, PrunebenchError, type State } from '@prunebench/core';
import test from 'ava';
import { encodeSafetensors, readState, writeState } from '../src/index.ts';

const state: State = {
  parameters: {
    'conv1/kernel': { shape: [1, 1, 1, 3], values: new Float32Array([0.5, 0, -3]) },
    'conv1/bias': { shape: [3], values: new Float32Array([1, 2, 3]) },
    'fc/kernel': { shape: [2, 1], values: new Float32Array([7, 8]) },
  },
  masks: { 'conv1/kernel': new Uint8Array([1, 0, 1]) },
};

const folder = () => mkdtemp(join(tmpdir(), 'prunebench-state-'));

test('a state survives the way through the file, parameters in layer order, and leaves no temporary file', async (t) => {
  const dir = await folder();
  const path = join(dir, 'a.safetensors');
  await writeState(path, state);
  const read = await readState(path);
  t.deepEqual(read, state);
  t.deepEqual(Object.keys(read.parameters), Object.keys(state.parameters));
  t.deepEqual(await readdir(dir), ['a.safetensors']);
});

test('what training leaves comes back: variables, the place where it was cut, a network of its own', async (t) => {
  const path = join(await folder(), 'a.safetensors');
  const tensor = (...values: number[]) => ({ shape: [values.length], values: Float32Array.from(values) });
  const rich: State = {
    ...state,
    variables: { 'gates/logAlpha': tensor(-3, 0.5), 'sums/fc/kernel': tensor(1, 2) },
    cut: { step: 30, totalSteps: 100, age: 12, stream: 'step/3', slots: { 'fc/kernel#0': tensor(0, -0.25) } },
    network: { name: 'smaller', inputShape: [2], layers: [], loss: 'cross-entropy' },
  };
  await writeState(path, rich);
  t.deepEqual(await readState(path), rich);
  await writeState(path, { ...state, cut: { ...rich.cut!, slots: {} } });
  t.deepEqual((await readState(path)).cut?.slots, {});
});

test('a changed text of a state is noticed', async (t) => {
  const path = join(await folder(), 'a.safetensors');
  await writeState(path, { ...state, cut: { step: 30, totalSteps: 100, age: 30, stream: 'step/3', slots: {} } });
  const text = (await readFile(path)).toString('latin1').replace('totalSteps\\":100', 'totalSteps\\":200');
  await writeFile(path, Buffer.from(text, 'latin1'));
  await t.throwsAsync(readState(path), { instanceOf: PrunebenchError, message: /a\.safetensors is corrupt/ });
});

test('masks come back in the order in which they were written', async (t) => {
  const path = join(await folder(), 'a.safetensors');
  const masks = { 'fc/kernel': new Uint8Array([0, 1]), 'conv1/bias': new Uint8Array([1, 0, 1]), ...state.masks };
  await writeState(path, { ...state, masks });
  t.deepEqual(Object.entries((await readState(path)).masks), Object.entries(masks));
});

test('the same state gives the same bytes', async (t) => {
  const dir = await folder();
  await writeState(join(dir, 'a'), state);
  await writeState(join(dir, 'b'), structuredClone(state));
  t.deepEqual(await readFile(join(dir, 'a')), await readFile(join(dir, 'b')));
});

test('every single flipped bit of the data is noticed', async (t) => {
  const path = join(await folder(), 'a.safetensors');
  await writeState(path, state);
  const good = await readFile(path);
  const dataStart = 8 + Number(good.readBigUInt64LE(0));
  for (let bit = dataStart * 8; bit < good.length * 8; bit++) {
    const bad = Buffer.from(good);
    bad[bit >> 3] ^= 1 << (bit & 7);
    await writeFile(path, bad);
    await t.throwsAsync(readState(path), { instanceOf: PrunebenchError, message: /a\.safetensors is corrupt/ });
  }
});

test('a parameter that is not finite is refused by name and index, however sound the file', async (t) => {
  const path = join(await folder(), 'a.safetensors');
  for (const bad of [Number.NaN, Number.NEGATIVE_INFINITY]) {
    const bias = { shape: [3], values: new Float32Array([1, bad, 3]) };
    await writeState(path, { ...state, parameters: { ...state.parameters, 'conv1/bias': bias } });
    const error = await t.throwsAsync(readState(path), { instanceOf: DivergenceError });
    t.regex(error.message, new RegExp(`conv1/bias is ${bad} at flat index 1 in checkpoint .*a\\.safetensors`));
  }
});

test('a truncated file, a missing file and an unwritable folder are named, with a remedy', async (t) => {
  const dir = await folder();
  const path = join(dir, 'a.safetensors');
  await writeState(path, state);
  await truncate(path, (await readFile(path)).length - 1);
  const names = (error: PrunebenchError | undefined, file: string) =>
    t.true(error?.message.includes(file) && error.remedy !== undefined);
  names(await t.throwsAsync(readState(path), { instanceOf: PrunebenchError }), path);
  names(await t.throwsAsync(readState(join(dir, 'none')), { instanceOf: PrunebenchError }), join(dir, 'none'));
  const inMissing = join(dir, 'missing', 'a.safetensors');
  names(await t.throwsAsync(writeState(inMissing, state), { instanceOf: PrunebenchError }), inMissing);
});

test('a safetensors file that is not a checkpoint is refused', async (t) => {
  const path = join(await folder(), 'foreign.safetensors');
  await writeFile(
    path,
    encodeSafetensors({ tensors: { w: { shape: [1], values: new Float32Array(1) } }, metadata: {} }),
  );
  await t.throwsAsync(readState(path), { instanceOf: PrunebenchError, message: /checksum/ });
});

test('a mask without its parameter is a mistake of the caller', async (t) => {
  const path = join(await folder(), 'a.safetensors');
  await t.throwsAsync(writeState(path, { parameters: {}, masks: { x: new Uint8Array(1) } }), {
    instanceOf: RangeError,
  });
});

/** What can lie where a checkpoint is expected, and what is said about it. */
const impostors: [what: string, make: (path: string) => Promise<unknown>, message: RegExp][] = [
  ['a folder', (path) => mkdir(path), /is a folder, where a file is needed/],
  ['a pipe', async (path) => execFileSync('mkfifo', [path]), /is a named pipe/],
  ['an endless device', (path) => symlink('/dev/zero', path), /is a device/],
  ['a link to nothing', (path) => symlink(`${path}.gone`, path), /is a link that leads nowhere/],
  ['a link to itself', (path) => symlink(path, path), /A link leads back to itself/],
];
for (const [what, make, message] of impostors)
  test(`${what} in place of a checkpoint is one clear error, at once`, async (t) => {
    const path = join(await folder(), 'a.safetensors');
    await make(path);
    const error = await t.throwsAsync(readState(path), { instanceOf: PrunebenchError, message });
    t.true(error.message.startsWith(`Cannot read the checkpoint ${path}: `));
  });
