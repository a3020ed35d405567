import { applyMasks, type State } from '@prunebench/core';
import { decodeSafetensors, encodeSafetensors } from '@prunebench/interop';
import { convNet, randomParameters } from '@prunebench/testing';
import test from 'ava';
import { decodeSparse, encodeDense, encodeSparse, fileSizes } from '../src/index.ts';
import { randomMasks } from './support.ts';

const network = convNet();

function stateAt(density: number): State {
  return { parameters: randomParameters(network), masks: randomMasks(network, density) };
}

test('a sparse file gives back masked parameters and masks', (t) => {
  for (const density of [0, 0.1, 0.4]) {
    const state = stateAt(density);
    const { parameters, masks } = decodeSparse(encodeSparse(state));
    const expected = applyMasks(state.parameters, state.masks);
    t.deepEqual(Object.keys(parameters).sort(), Object.keys(expected).sort());
    for (const [name, parameter] of Object.entries(expected)) t.deepEqual(parameters[name], parameter, name);
    for (const [name, mask] of Object.entries(masks)) t.deepEqual(mask, state.masks[name], name);
  }
});

test('kernels that compressed rows would not make smaller stay dense', (t) => {
  const state = stateAt(0.9);
  const { tensors } = decodeSafetensors(encodeSparse(state));
  t.deepEqual(tensors['conv1/kernel'], applyMasks(state.parameters, state.masks)['conv1/kernel']);
});

test('the dense file holds masked parameters under their names', (t) => {
  const state = stateAt(0.2);
  const { tensors } = decodeSafetensors(encodeDense(state));
  for (const [name, { values }] of Object.entries(applyMasks(state.parameters, state.masks)))
    t.deepEqual(tensors[name].values, values, name);
});

test('the sparse file is as small as its arrays', (t) => {
  const state = stateAt(0.1);
  const sizes = fileSizes(state);
  const dense = Object.values(state.parameters).reduce((sum, { values }) => sum + 4 * values.length, 0);
  const saved = Object.entries(state.masks).reduce((sum, [name, mask]) => {
    const kept = mask.reduce((total, bit) => total + bit, 0);
    const compressed = 8 * kept + 4 * (state.parameters[name].shape.at(-1)! + 1);
    return sum + Math.max(0, 4 * mask.length - compressed);
  }, 0);
  const header = (bytes: Uint8Array) => 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
  t.is(sizes.dense - header(encodeDense(state)), dense);
  t.is(sizes.sparse - header(encodeSparse(state)), dense - saved);
});

test('files that are something else, or damaged, are refused with a reason', (t) => {
  t.throws(() => decodeSparse(encodeDense(stateAt(0.1)), 'x.safetensors'), {
    message: /x\.safetensors .*format is undefined/,
  });
  const { tensors, metadata } = decodeSafetensors(encodeSparse(stateAt(0.1)));
  const changed = (name: string, values: Int32Array) =>
    encodeSafetensors({ tensors: { ...tensors, [name]: { shape: [values.length], values } }, metadata });
  const columns = tensors['fc1/kernel:columns'].values as Int32Array;
  t.throws(
    () =>
      decodeSparse(
        changed(
          'fc1/kernel:columns',
          columns.map(() => 20),
        ),
      ),
    { message: /column outside/ },
  );
  t.throws(() => decodeSparse(changed('fc1/kernel:columns', columns.slice(1))), { message: /do not fit/ });
  const starts = tensors['fc1/kernel:row_starts'].values as Int32Array;
  t.throws(() => decodeSparse(changed('fc1/kernel:row_starts', starts.toReversed())), { message: /do not fit/ });
  const { 'fc1/kernel:values': _, ...rest } = tensors;
  t.throws(() => decodeSparse(encodeSafetensors({ tensors: rest, metadata })), { message: /missing/ });
});
