/** Every way in which a file may be damaged ends in the same content, or in one clear error. */
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PrunebenchError, type State, sizeOf } from '@prunebench/core';
import { mutations } from '@prunebench/testing/mutations';
import test from 'ava';
import { decodeSafetensors, decodeState, encodeSafetensors, writeState } from '../src/index.ts';

const COUNT = 450;

const state: State = {
  parameters: {
    'conv1/kernel': { shape: [1, 1, 2, 3], values: new Float32Array([0.5, 0, -3, 1, 2, 4]) },
    'conv1/bias': { shape: [3], values: new Float32Array([1, 2, 3]) },
  },
  masks: { 'conv1/kernel': new Uint8Array([1, 0, 1, 1, 1, 1]) },
};

test('a damaged checkpoint is refused, or it gives the state that it was written from', async (t) => {
  const path = join(await mkdtemp(join(tmpdir(), 'prunebench-damaged-')), 'good.safetensors');
  await writeState(path, state);
  let refused = 0;
  for (const { what, bytes } of mutations(await readFile(path), COUNT)) {
    try {
      t.deepEqual(decodeState(bytes, what), state, what);
    } catch (error) {
      t.true(error instanceof PrunebenchError && error.message.includes(what), `${what}: ${error}`);
      refused++;
    }
  }
  t.true(refused > COUNT / 2, `${refused} refused`);
});

test('a damaged file of tensors is refused, or every byte of it belongs to the tensor that its header says', (t) => {
  const { parameters, masks } = state;
  const good = encodeSafetensors({
    tensors: { ...parameters, mask: { shape: [6], values: masks['conv1/kernel'] } },
    metadata: { by: 'test', note: 'ä' },
  });
  for (const { what, bytes } of mutations(good, COUNT)) {
    try {
      const { tensors } = decodeSafetensors(bytes, what);
      const sizes = Object.values(tensors).map(({ shape, values }) => {
        t.is(values.length, sizeOf(shape), what);
        return values.byteLength;
      });
      // Types of which float32 is made take fewer bytes in the file than in memory, but never less than a quarter.
      t.true(sizes.reduce((sum, size) => sum + size, 0) <= 4 * bytes.length, what);
    } catch (error) {
      t.true(error instanceof PrunebenchError && error.message.startsWith(what), `${what}: ${error}`);
    }
  }
});
